"""Rows of calls as the registry works on them, in its transactions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from components.core.tenant import TenantContext
from components.database.tables import ApprovalRow, ToolInvocationRow
from components.tools.invocation import Failure, Invocation
from components.tools.tool import Caller, Undo

INVOCATIONS = ToolInvocationRow.metadata.tables[ToolInvocationRow.__tablename__]
APPROVALS = ApprovalRow.metadata.tables[ApprovalRow.__tablename__]

CLOCK = func.clock_timestamp()
_WITH_APPROVAL = select(INVOCATIONS, APPROVALS.c.approval_id).select_from(
    INVOCATIONS.outerjoin(
        APPROVALS,
        (APPROVALS.c.tenant_id == INVOCATIONS.c.tenant_id) & (APPROVALS.c.invocation_id == INVOCATIONS.c.invocation_id),
    )
)


def find(
    connection: Connection, tenant: TenantContext, *, key: str | None = None, invocation_id: UUID | None = None
) -> Invocation | None:
    """By its key or its id; None where there is none."""
    query = _WITH_APPROVAL.where(INVOCATIONS.c.tenant_id == tenant.tenant_id)
    query = query.where(INVOCATIONS.c.key == key if key is not None else INVOCATIONS.c.invocation_id == invocation_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else invocation_of(row)


def search(
    connection: Connection,
    tenant: TenantContext,
    *,
    limit: int,
    tool: str | None = None,
    status: str | None = None,
    conversation_id: UUID | None = None,
    run_id: UUID | None = None,
) -> tuple[Invocation, ...]:
    """The newest first."""
    wanted = {"tool": tool, "status": status, "conversation_id": conversation_id, "run_id": run_id}
    query = _WITH_APPROVAL.where(
        INVOCATIONS.c.tenant_id == tenant.tenant_id,
        *(INVOCATIONS.c[name] == value for name, value in wanted.items() if value is not None),
    )
    rows = connection.execute(query.order_by(INVOCATIONS.c.started_at.desc()).limit(limit))
    return tuple(invocation_of(row) for row in rows)


def insert_new(connection: Connection, tenant: TenantContext, new: Invocation, *, lease: float | None = None) -> bool:
    """Whether its key was new. Waits for another transaction that is at the same key. lease: seconds, for a call of
    another system."""
    until = None if lease is None else CLOCK + func.make_interval(0, 0, 0, 0, 0, 0, lease)
    values = {
        "invocation_id": new.invocation_id,
        "tenant_id": tenant.tenant_id,
        "key": new.key,
        "tool": new.tool,
        "side_effect": new.side_effect,
        "status": new.status,
        "caller": new.caller.kind,
        "caller_id": new.caller.id,
        "arguments": dict(new.arguments),
        "conversation_id": new.conversation_id,
        "run_id": new.run_id,
        "leased_until": until,
        "started_at": new.started_at,
    }
    made = insert(INVOCATIONS).values(values).on_conflict_do_nothing(index_elements=["tenant_id", "key"])
    return connection.execute(made.returning(INVOCATIONS.c.invocation_id)).one_or_none() is not None


def lock(connection: Connection, tenant: TenantContext, key: str) -> tuple[Invocation, bool]:
    """The call with this key, its row locked; and whether its lease, where it has one, has lapsed."""
    query = select(INVOCATIONS, (INVOCATIONS.c.leased_until <= CLOCK).label("lapsed")).where(
        INVOCATIONS.c.tenant_id == tenant.tenant_id, INVOCATIONS.c.key == key
    )
    row = connection.execute(query.with_for_update()).one()
    mine = (APPROVALS.c.tenant_id == tenant.tenant_id, APPROVALS.c.invocation_id == row.invocation_id)
    asked = connection.execute(select(APPROVALS.c.approval_id).where(*mine)).scalar_one_or_none()
    return invocation_of(row, asked), row.lapsed is not False


def begin_again(connection: Connection, tenant: TenantContext, invocation_id: UUID, lease: float) -> int:
    """Another attempt at a call of another system: its number, which fences."""
    until = CLOCK + func.make_interval(0, 0, 0, 0, 0, 0, lease)
    changed = update(INVOCATIONS).where(
        INVOCATIONS.c.tenant_id == tenant.tenant_id, INVOCATIONS.c.invocation_id == invocation_id
    )
    values = {"status": "running", "leased_until": until, "attempts": INVOCATIONS.c.attempts + 1, "error": None}
    attempt: int = connection.execute(changed.values(values).returning(INVOCATIONS.c.attempts)).scalar_one()
    return attempt


def note(
    connection: Connection,
    tenant: TenantContext,
    invocation_id: UUID,
    status: str,
    *,
    price: Decimal | None = None,
    result: Mapping[str, Any] | None = None,
    failure: Failure | None = None,
    undo: Undo | None = None,
    seconds: float | None = None,
    attempt: int | None = None,
) -> bool:
    """What came of it. attempt: only where that is still the last; whether it was."""
    ended = status not in ("running", "waiting")
    changed = update(INVOCATIONS).where(
        INVOCATIONS.c.tenant_id == tenant.tenant_id, INVOCATIONS.c.invocation_id == invocation_id
    )
    if attempt is not None:
        changed = changed.where(INVOCATIONS.c.attempts == attempt, INVOCATIONS.c.status == "running")
    values: dict[str, Any] = {
        "status": status,
        "result": None if result is None else dict(result),
        "error": None if failure is None else asdict(failure),
        "undo": None if undo is None else {"tool": undo.tool, "arguments": dict(undo.arguments)},
        "leased_until": None,
        "finished_at": CLOCK if ended else None,
        "seconds": seconds,
    }
    if price is not None:
        values["price"] = price
    return connection.execute(changed.values(values).returning(INVOCATIONS.c.tool)).one_or_none() is not None


def mark_undone(connection: Connection, tenant: TenantContext, invocation_id: UUID, by: UUID) -> None:
    connection.execute(
        update(INVOCATIONS)
        .where(INVOCATIONS.c.tenant_id == tenant.tenant_id, INVOCATIONS.c.invocation_id == invocation_id)
        .values(undone_by=by)
    )


def invocation_of(row: Row[Any], approval_id: UUID | None = None) -> Invocation:
    undo = row.undo and Undo(row.undo["tool"], row.undo["arguments"])
    return Invocation(
        row.invocation_id,
        row.key,
        row.tool,
        row.side_effect,
        row.status,
        Caller(row.caller, row.caller_id),
        row.arguments,
        row.started_at,
        row.price,
        row.result,
        None if row.error is None else Failure(**row.error),
        undo,
        row.undone_by,
        row.conversation_id,
        row.run_id,
        approval_id or getattr(row, "approval_id", None),
        row.attempts,
        row.finished_at,
        row.seconds,
    )
