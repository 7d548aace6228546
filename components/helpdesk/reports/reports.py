"""Opens the facts of tenants for those who look at figures, and keeps them open while they stay the same."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from components.core.tenant import Tenant
from components.helpdesk.reports.connection import SharedConnection
from components.helpdesk.reports.facts import FACTS
from components.helpdesk.reports.reader import ReportReader
from components.warehouse.manifest import Manifest
from components.warehouse.reading import open_facts
from components.warehouse.warehouse import Warehouse

KEPT = 8
"""Sets of tenants whose connection stays open; of more than these, the one that was asked longest ago goes."""


class Reports:
    """Threads may share it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._kept: OrderedDict[tuple[str, ...], SharedConnection] = OrderedDict()
        self._lock = Lock()

    def open(self, tenants: Sequence[Tenant]) -> ReportReader:
        """The facts of these tenants, and of no other, as they stand now. The caller closes it.

        Example: with reports.open([tenant]) as reader: print(deflection(reader, last_days(today, 30)))
        """
        chosen = sorted({tenant.tenant_id: tenant for tenant in tenants}.values(), key=lambda each: each.domain)
        manifests = [self._warehouse.manifest(tenant.context) for tenant in chosen]
        moments = [manifest.refreshed_at for manifest in manifests]
        told = [moment for moment in moments if moment is not None]
        complete = min(told) if told and len(told) == len(moments) else None
        with self._lock:
            return ReportReader(chosen, self._connection(chosen, manifests), complete)

    def close(self) -> None:
        """Readers that are open stay so."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].release()

    def _connection(self, tenants: Sequence[Tenant], manifests: Sequence[Manifest]) -> SharedConnection:
        key = tuple(sorted(str(tenant.tenant_id) for tenant in tenants))
        signature = [manifest.parts for manifest in manifests]
        kept = self._kept.get(key)
        if kept is None or kept.signature != signature:
            made = open_facts(self._warehouse, [tenant.context for tenant in tenants], FACTS)
            if kept is not None:
                kept.release()
            kept = self._kept[key] = SharedConnection(made, signature)
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)[1].release()
        return kept
