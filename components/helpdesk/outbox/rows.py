"""Rows of the outbox as dispatchers work on them: leased by one at a time, and marked by no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from components.core.outbox import Outgoing
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import OutboxRow

OUTBOX = OutboxRow.metadata.tables[OutboxRow.__tablename__]
_EARLIER = OUTBOX.alias("earlier")
# Not now(), which is when the transaction began.
_CLOCK = func.clock_timestamp()
_AHEAD = text("make_interval(secs => :seconds)")
_OPEN = and_(OUTBOX.c.sent_at.is_(None), OUTBOX.c.failed_at.is_(None))
_FIRST_OF_LANE = ~exists().where(
    _EARLIER.c.tenant_id == OUTBOX.c.tenant_id,
    _EARLIER.c.lane == OUTBOX.c.lane,
    _EARLIER.c.position < OUTBOX.c.position,
    _EARLIER.c.sent_at.is_(None),
    _EARLIER.c.failed_at.is_(None),
)
_DUE = (
    select(OUTBOX.c.outbox_id)
    .where(
        OUTBOX.c.tenant_id == bindparam("of_tenant"),
        OUTBOX.c.kind.in_(bindparam("kinds", expanding=True)),
        _OPEN,
        OUTBOX.c.next_at <= _CLOCK,
        or_(OUTBOX.c.leased_until.is_(None), OUTBOX.c.leased_until <= _CLOCK),
        _FIRST_OF_LANE,
    )
    .order_by(OUTBOX.c.next_at, OUTBOX.c.position)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_LEASE = (
    update(OUTBOX)
    .where(OUTBOX.c.outbox_id == _DUE.scalar_subquery())
    .values(leased_by=bindparam("owner"), leased_until=_CLOCK + _AHEAD, attempts=OUTBOX.c.attempts + 1)
    .returning(OUTBOX, (_CLOCK - OUTBOX.c.created_at).label("age"))
)
_MINE = and_(
    OUTBOX.c.tenant_id == bindparam("of_tenant"),
    OUTBOX.c.outbox_id == bindparam("this"),
    OUTBOX.c.leased_by == bindparam("owner"),
    _OPEN,
)
_FREED: Mapping[str, Any] = {"leased_by": None, "leased_until": None}
_QUEUE = insert(OUTBOX).on_conflict_do_nothing(index_elements=["tenant_id", "key"]).returning(OUTBOX.c.outbox_id)


@dataclass(frozen=True)
class Lease:
    """The right to send one row. owner: fences; whoever is not the row's owner any more marks nothing. age: seconds
    since it was written."""

    outgoing: Outgoing
    lane: str
    owner: UUID
    age: float


def lease_due(database: Database, tenant: TenantContext, kinds: Sequence[str], seconds: float) -> Lease | None:
    """The row that has waited longest among the first open ones of their lanes, leased for so long; None where nothing
    is due, or others are at it. Raises DatabaseUnavailable."""
    owner = uuid4()
    values = {"of_tenant": tenant.tenant_id, "kinds": list(kinds), "owner": owner, "seconds": seconds}
    with database.tenant(tenant) as session:
        row = session.connection().execute(_LEASE, values).one_or_none()
    if row is None:
        return None
    outgoing = Outgoing(row.outbox_id, row.key, row.kind, row.payload, row.attempts)
    return Lease(outgoing, row.lane, owner, row.age.total_seconds())


def extend_leases(database: Database, tenant: TenantContext, owners: Sequence[UUID], seconds: float) -> None:
    """They lapse so many seconds from now. Raises DatabaseUnavailable."""
    statement = update(OUTBOX).where(OUTBOX.c.tenant_id == tenant.tenant_id, OUTBOX.c.leased_by.in_(owners), _OPEN)
    with database.tenant(tenant) as session:
        session.connection().execute(statement.values(leased_until=_CLOCK + _AHEAD), {"seconds": seconds})


def mark_sent(connection: Connection, tenant: TenantContext, lease: Lease, result: Mapping[str, Any]) -> bool:
    """Whether the lease was good still."""
    return _mark(connection, tenant, lease, {"sent_at": _CLOCK, "result": dict(result), "last_error": None})


def mark_later(connection: Connection, tenant: TenantContext, lease: Lease, seconds: float, reason: str) -> bool:
    """To be tried again after so many seconds; whether the lease was good still."""
    next_at = _CLOCK + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    return _mark(connection, tenant, lease, {"next_at": next_at, "last_error": reason})


def mark_failed(connection: Connection, tenant: TenantContext, lease: Lease, reason: str) -> bool:
    """Given up; whether the lease was good still."""
    return _mark(connection, tenant, lease, {"failed_at": _CLOCK, "last_error": reason})


def _mark(connection: Connection, tenant: TenantContext, lease: Lease, values: Mapping[str, Any]) -> bool:
    this = {"of_tenant": tenant.tenant_id, "this": lease.outgoing.outbox_id, "owner": lease.owner}
    statement = update(OUTBOX).where(_MINE).values({**_FREED, **values}).returning(OUTBOX.c.outbox_id)
    return connection.execute(statement, this).one_or_none() is not None


def queue(
    connection: Connection, tenant: TenantContext, *, key: str, lane: str, kind: str, payload: Mapping[str, Any]
) -> bool:
    """Queues it in the caller's transaction, unless its key is known; whether it was new. The rows of a lane are queued
    one after another, so that their positions are in the order in which they appear."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{tenant.tenant_id}/{lane}", 0))))
    values = {
        "outbox_id": uuid4(),
        "tenant_id": tenant.tenant_id,
        "key": key,
        "lane": lane,
        "kind": kind,
        "payload": dict(payload),
    }
    return connection.execute(_QUEUE, values).one_or_none() is not None


def count_open(connection: Connection, tenant: TenantContext, kind: str, most: int) -> int:
    """How many rows of the kind wait, `most` at most: no more are counted."""
    waiting = select(OUTBOX.c.outbox_id).where(OUTBOX.c.tenant_id == tenant.tenant_id, OUTBOX.c.kind == kind, _OPEN)
    return connection.execute(select(func.count()).select_from(waiting.limit(most).subquery())).scalar_one()


@dataclass(frozen=True)
class OutboxEntry:
    """A row as people look at it."""

    outbox_id: UUID
    kind: str
    key: str
    lane: str
    state: str
    attempts: int
    last_error: str | None
    created_at: datetime
    next_at: datetime
