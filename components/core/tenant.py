"""Who a piece of work is for: passed along explicitly, never ambient."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class TenantContext:
    """The tenant that every query, path, key and log line of a piece of work belongs to."""

    tenant_id: UUID


@dataclass(frozen=True)
class Tenant:
    """A row of the registry (section 2.1 of the design)."""

    tenant_id: UUID
    name: str
    domain: str
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def context(self) -> TenantContext:
        return TenantContext(self.tenant_id)
