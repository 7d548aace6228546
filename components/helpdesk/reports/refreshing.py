"""Brings a tenant's facts in the warehouse up to date with the tables: only months in which something has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from sqlalchemy import Connection, text

from components.core.errors import TenantNotFound
from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.reports.answer_rows import ANSWER_ROWS, CITATION_ROWS, MODEL_CALL_ROWS
from components.helpdesk.reports.changed_months import MonthsByDataset, all_months, changed_months
from components.helpdesk.reports.conversation_rows import CONVERSATION_ROWS, HANDOVER_ROWS
from components.helpdesk.reports.fact_query import FactQuery
from components.helpdesk.reports.message_rows import MESSAGE_ROWS
from components.helpdesk.reports.reading_rows import FactReader, MonthsOnDemand
from components.helpdesk.reports.ticket_rows import TICKET_ROWS
from components.helpdesk.tenant_config import read_config
from components.warehouse.manifest import Manifest
from components.warehouse.warehouse import Warehouse

QUERIES: tuple[FactQuery, ...] = (
    CONVERSATION_ROWS,
    MESSAGE_ROWS,
    ANSWER_ROWS,
    CITATION_ROWS,
    HANDOVER_ROWS,
    MODEL_CALL_ROWS,
    TICKET_ROWS,
)
# Of the SELECTs: another number tells everything anew.
EDITION = 2
STATEMENT_SECONDS = 300.0
LOCK_SECONDS = 600.0
OnProgress = Callable[[int, int], None]

# What a transaction that has not ended yet will have changed is found by the next refresh: no row of one that is older
# than the oldest of these can come to be seen.
_STAND = text(
    "SELECT now() AS as_of, (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint AS oldest, "
    "(pg_snapshot_xmax(pg_current_snapshot())::text)::bigint AS newest, "
    "EXISTS (SELECT FROM tenants WHERE tenant_id = :tenant) AS known"
)


@dataclass(frozen=True)
class RefreshReport:
    """rows, months: written anew, by dataset. total_rows: that there are now, by dataset. reason: why everything was
    told anew, None where only what had changed was. refreshed_at: up to when nothing that had been committed is
    missing. seconds: that it took."""

    rows: Mapping[str, int]
    months: MonthsByDataset
    total_rows: Mapping[str, int]
    reason: str | None
    refreshed_at: datetime
    seconds: float

    @property
    def month_count(self) -> int:
        return sum(map(len, self.months.values()))


@dataclass(frozen=True)
class _Plan:
    """What a refresh has to do. oldest: the oldest transaction that had not ended."""

    before: Manifest
    zone: str
    as_of: datetime
    oldest: int
    reason: str | None
    months: MonthsByDataset


class FactRefresh:
    """One refresh of a tenant at a time, across threads and processes."""

    def __init__(self, database: Database, warehouse: Warehouse) -> None:
        self._database = database
        self._warehouse = warehouse

    def refresh(
        self,
        tenant: Tenant,
        *,
        rebuild: bool = False,
        wait: float = LOCK_SECONDS,
        on_progress: OnProgress | None = None,
    ) -> RefreshReport:
        """What changed since the last one; everything with `rebuild`. Whoever reads meanwhile reads what was there.

        wait: seconds for another refresh of the tenant to end. on_progress: is told months done and in all. Raises
        Conflict where the other one does not end in time, TenantNotFound, DatabaseUnavailable.
        """
        with self._warehouse.writing(tenant.context, wait):
            started = monotonic()
            with self._database.snapshot(tenant.context, STATEMENT_SECONDS) as session:
                return self._refresh(session.connection(), tenant, rebuild, on_progress, started)

    def is_due(self, tenant: Tenant) -> bool:
        """Whether a refresh would tell anything anew. Raises DatabaseUnavailable."""
        with self._database.snapshot(tenant.context, STATEMENT_SECONDS) as session:
            plan = self._plan(session.connection(), tenant, rebuild=False)
        return plan.reason is not None or bool(plan.months)

    def _plan(self, connection: Connection, tenant: Tenant, *, rebuild: bool) -> _Plan:
        context, zone = tenant.context, read_config(tenant.config).handover.time_zone
        stand = connection.execute(_STAND, {"tenant": context.tenant_id}).one()
        if not stand.known:
            raise TenantNotFound(f"no tenant has the id {context.tenant_id}", field="tenant_id")
        before = self._warehouse.manifest(context)
        reason = "it was asked for" if rebuild else _reason_for_all(before.watermark, zone, stand.newest)
        if reason is None:
            since, judged_at = before.watermark["transaction"], datetime.fromisoformat(before.watermark["as_of"])
            months = changed_months(connection, context, QUERIES, since, judged_at, stand.as_of)
        else:
            known = {dataset: tuple(parts) for dataset, parts in before.parts.items()}
            months = all_months(connection, context, QUERIES, known)
        return _Plan(before, zone, stand.as_of.astimezone(UTC), stand.oldest, reason, months)

    def _refresh(
        self, connection: Connection, tenant: Tenant, rebuild: bool, on_progress: OnProgress | None, started: float
    ) -> RefreshReport:
        context, plan = tenant.context, self._plan(connection, tenant, rebuild=rebuild)
        reader = FactReader(connection, context, plan.zone, plan.as_of, _counting(plan.months, on_progress))
        watermark = {
            "transaction": plan.oldest,
            "as_of": plan.as_of.isoformat(),
            "zone": plan.zone,
            "edition": EDITION,
        }
        tables = {
            query.dataset: MonthsOnDemand(reader, query, plan.months[query.dataset.name])
            for query in QUERIES
            if query.dataset.name in plan.months
        }
        after = self._warehouse.publish(context, plan.before, tables, watermark, plan.as_of)
        return RefreshReport(
            rows={dataset: _rows(after, dataset, written) for dataset, written in plan.months.items()},
            months=plan.months,
            total_rows={query.dataset.name: after.rows(query.dataset.name) for query in QUERIES},
            reason=plan.reason,
            refreshed_at=plan.as_of,
            seconds=monotonic() - started,
        )


def _reason_for_all(watermark: Mapping[str, Any], zone: str, newest: int) -> str | None:
    if not watermark:
        return "there were none yet, or of another format"
    if watermark["edition"] != EDITION:
        return "they are told in another way now"
    if watermark["zone"] != zone:
        return f"the tenant's time zone is {zone} now"
    if watermark["transaction"] > newest:
        return "the database is another one, or an older state of it"
    return None


def _rows(manifest: Manifest, dataset: str, months: tuple[str, ...]) -> int:
    parts = manifest.parts.get(dataset, {})
    return sum(parts[month].rows for month in months if month in parts)


def _counting(months: MonthsByDataset, on_progress: OnProgress | None) -> Callable[[], None]:
    done, total = 0, sum(map(len, months.values()))

    def count() -> None:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(done, total)

    return count
