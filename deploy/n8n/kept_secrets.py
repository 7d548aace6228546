"""Secrets of `make n8n` that stay the same from start to start."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from components.bootstrap import build_registry
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.database.files import write_private


class KeptSecrets:
    """In a file that its owner alone may read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def secret(self, name: str) -> str:
        """Made where it is not there."""
        if name not in self._values:
            self._keep(name, secrets.token_urlsafe(32))
        return self._values[name]

    def api_key(self, settings: Settings, addresses: DatabaseAddresses, domain: str) -> str:
        """A key of the tenant's for n8n alone, issued where there is none. Raises TenantNotFound."""
        registry = build_registry(settings, addresses)
        try:
            tenant = registry.tenants.get_by_domain(domain)
            name = f"key of {tenant.tenant_id}"
            if name not in self._values:
                self._keep(name, registry.api_keys.issue(tenant.context, "n8n").key)
            return self._values[name]
        finally:
            registry.close()

    def _keep(self, name: str, value: str) -> None:
        self._values[name] = value
        write_private(self._path, json.dumps(self._values, indent=2))
