"""The demo tenants of deploy/demo, with flows, agents and shops: made at the first start, found again at the next."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from apps.cli.context import PROJECT
from components.core.errors import Conflict

if TYPE_CHECKING:
    from components.bootstrap import Registry
    from components.core.tenant import Tenant

KEYS_FILE = "demo-keys.json"

# Password by e-mail address.
Passwords = dict[str, str]


@dataclass(frozen=True)
class Demo:
    """How the demo tenants are reached, by domain: their API keys, and the passwords of their agents by e-mail."""

    keys: Mapping[str, str]
    agents: Mapping[str, Passwords]


def seed_demo_tenants(registry: Registry) -> Demo:
    """The demo tenants' keys and passwords are kept in the data folder, readable by its owner only, so that every start
    can show its worked example and how to sign in; those of real tenants never are."""
    file = registry.settings.data_dir / KEYS_FILE
    known = _read(file)
    keys, agents = dict(known.keys), dict(known.agents)
    for description in sorted((PROJECT / "deploy" / "demo").glob("*/tenant.yaml")):
        values = yaml.safe_load(description.read_text(encoding="utf-8"))
        tenant = registry.tenants.find_by_domain(values["domain"])
        if tenant is None:
            tenant = registry.tenants.create(values["name"], values["domain"], values["config"])
            keys.pop(tenant.domain, None)
            agents.pop(tenant.domain, None)
        _begin_flows(registry, tenant, description.parent / "flows")
        _fill_shop(registry, tenant, description.parent / "shop.yaml")
        if tenant.domain not in keys:
            keys[tenant.domain] = registry.api_keys.issue(tenant.context, "demo key").key
        people = values.get("agents", [])
        agents[tenant.domain] = _hire(registry, tenant, people, agents.get(tenant.domain, {}))
    demo = Demo(keys, agents)
    _write_private(file, json.dumps({"keys": demo.keys, "agents": demo.agents}, indent=2))
    return demo


def _read(file: Path) -> Demo:
    if not file.exists():
        return Demo({}, {})
    kept = json.loads(file.read_text())
    # As they were kept before there were agents.
    return Demo(kept["keys"], kept["agents"]) if "keys" in kept else Demo(kept, {})


def _hire(registry: Registry, tenant: Tenant, people: list[dict[str, Any]], known: Passwords) -> Passwords:
    """Those who are described, each with the password that they have; a new one where it is not known."""
    from components.helpdesk.handover.agents import new_password

    there = {each.email: each for each in registry.agents.list(tenant.context)}
    passwords = {}
    for person in people:
        email = person["email"]
        passwords[email] = known.get(email) or new_password()
        if email not in there:
            try:
                registry.agents.create(tenant.context, password=passwords[email], **person)
            except Conflict:
                # They have left, as somebody wished.
                del passwords[email]
        elif email not in known:
            registry.agents.set_password(tenant.context, there[email].agent_id, passwords[email])
    return passwords


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


def _fill_shop(registry: Registry, tenant: Tenant, file: Path) -> None:
    """What has become of an order since stays."""
    from components.helpdesk.shop import import_shop
    from components.helpdesk.shop_file import read_shop

    if file.exists():
        import_shop(registry.database, tenant.context, read_shop(file))


def _write_private(file: Path, text: str) -> None:
    temporary = file.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    temporary.replace(file)
