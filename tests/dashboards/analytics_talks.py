"""A year of one tenant's conversations, told to the warehouse, for pages to show; the other tenant has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from components.helpdesk.reports.refreshing import FactRefresh
from tests.benchmarks.analytics_world import fill

if TYPE_CHECKING:
    from components.core.tenant import Tenant
    from components.database.addresses import DatabaseAddresses
    from dashboards.desk import Desk

CONVERSATIONS = 1500
MONTH = "since=2026-11-01&until=2026-11-28"


def tell_talks(desk: Desk, postgres: DatabaseAddresses, tenant: Tenant) -> None:
    """Until 29 November 2026, four a day."""
    assert postgres.server is not None
    with psycopg.connect(postgres.server.url, autocommit=True) as owner:
        fill(owner, tenant.tenant_id, CONVERSATIONS)
    FactRefresh(desk.registry.database, desk.warehouse).refresh(tenant)
