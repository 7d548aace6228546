"""How far a tenant's facts in the warehouse tell, and how much they take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from components.core.tenant import TenantContext
from components.helpdesk.reports.facts import FACTS
from components.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class DatasetStatus:
    """months: that have rows; first, last: of these, None where there are none."""

    dataset: str
    about: str
    rows: int
    months: int
    first: str | None
    last: str | None
    size_bytes: int


@dataclass(frozen=True)
class FactStatus:
    """refreshed_at: up to when nothing is missing; None before the first refresh. age_seconds: since then."""

    refreshed_at: datetime | None
    age_seconds: float | None
    datasets: tuple[DatasetStatus, ...]

    @property
    def size_bytes(self) -> int:
        return sum(each.size_bytes for each in self.datasets)


def read_status(warehouse: Warehouse, tenant: TenantContext, now: datetime) -> FactStatus:
    """As the manifest says; reads no facts. now: with a time zone."""
    manifest = warehouse.manifest(tenant)
    told = []
    for dataset in FACTS:
        parts = manifest.parts.get(dataset.name, {})
        size = sum(part.size_bytes for part in parts.values())
        first, last = (min(parts), max(parts)) if parts else (None, None)
        told.append(
            DatasetStatus(dataset.name, dataset.about, manifest.rows(dataset.name), len(parts), first, last, size)
        )
    at = manifest.refreshed_at
    return FactStatus(at, (now - at).total_seconds() if at else None, tuple(told))
