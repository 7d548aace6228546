"""The demo tenants of deploy/demo, with their flows: made at the first start, found again at the next."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from apps.cli.context import PROJECT

if TYPE_CHECKING:
    from components.bootstrap import Registry
    from components.core.tenant import Tenant

KEYS_FILE = "demo-keys.json"


def seed_demo_tenants(registry: Registry) -> dict[str, str]:
    """API key by domain. The keys of the demo tenants are kept in the data folder, readable by its owner only,
    so that every start can show its worked example; those of real tenants never are."""
    file = registry.settings.data_dir / KEYS_FILE
    keys: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    for description in sorted((PROJECT / "deploy" / "demo").glob("*/tenant.yaml")):
        values = yaml.safe_load(description.read_text(encoding="utf-8"))
        tenant = registry.tenants.find_by_domain(values["domain"])
        if tenant is None:
            tenant = registry.tenants.create(values["name"], values["domain"], values["config"])
            keys.pop(tenant.domain, None)
        _begin_flows(registry, tenant, description.parent / "flows")
        if tenant.domain not in keys:
            keys[tenant.domain] = registry.api_keys.issue(tenant.context, "demo key").key
    _write_private(file, json.dumps(keys, indent=2))
    return keys


def _begin_flows(registry: Registry, tenant: Tenant, folder: Path) -> None:
    """Nothing is done where any flows were activated before: by this, or by hand."""
    from components.dialogue.flow_library import read_flow_folder
    from components.dialogue.flow_release_rows import read_activations
    from components.dialogue.flow_releases import FlowReleases

    with registry.database.tenant(tenant.context) as session:
        if read_activations(session, tenant.context).sequence:
            return
    flows = FlowReleases(registry.database)
    version = flows.save(tenant.context, read_flow_folder(folder), author="helpdesk", note="the demo's own")
    flows.activate(tenant.context, version, "helpdesk")


def _write_private(file: Path, text: str) -> None:
    temporary = file.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    temporary.replace(file)
