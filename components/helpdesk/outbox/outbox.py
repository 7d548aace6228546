"""The outbox as people look at it: what waits, what was given up and why, and one more try for it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, or_, select, update

from components.core.errors import InvalidInput
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.audit import record_action
from components.helpdesk.outbox.rows import OUTBOX, OutboxEntry

MOST = 500


class Outbox:
    """Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, tenant: TenantContext, *, all_rows: bool = False, limit: int = 100) -> tuple[OutboxEntry, ...]:
        """What waits or was given up, oldest first; all_rows: what was sent too. limit: 1 to 500."""
        if not 1 <= limit <= MOST:
            raise InvalidInput(f"limit={limit}: 1 to {MOST} are allowed", field="limit")
        query = select(OUTBOX).where(OUTBOX.c.tenant_id == tenant.tenant_id)
        if not all_rows:
            query = query.where(OUTBOX.c.sent_at.is_(None))
        with self._database.tenant(tenant) as session:
            rows = session.connection().execute(query.order_by(OUTBOX.c.position).limit(limit))
            return tuple(_entry(row) for row in rows)

    def retry(self, tenant: TenantContext, outbox_id: UUID | None = None) -> int:
        """Has what was given up, and what waits, tried at once; outbox_id: only that row. How many there were. What was
        given up counts from now."""
        now = func.clock_timestamp()
        chosen = [OUTBOX.c.tenant_id == tenant.tenant_id, OUTBOX.c.sent_at.is_(None)]
        if outbox_id is not None:
            chosen.append(OUTBOX.c.outbox_id == outbox_id)
        idle = or_(OUTBOX.c.leased_until.is_(None), OUTBOX.c.leased_until <= now)
        statement = (
            update(OUTBOX)
            .where(*chosen, idle)
            .values(failed_at=None, next_at=now, created_at=now, attempts=0)
            .returning(OUTBOX.c.outbox_id)
        )
        with self._database.tenant(tenant) as session:
            found = session.connection().execute(statement).all()
            record_action(session, tenant.tenant_id, "outbox.retried", {"rows": len(found)})
        return len(found)


def _entry(row: Row[Any]) -> OutboxEntry:
    state = "sent" if row.sent_at else "failed" if row.failed_at else "waiting"
    return OutboxEntry(
        row.outbox_id, row.kind, row.key, row.lane, state, row.attempts, row.last_error, row.created_at, row.next_at
    )
