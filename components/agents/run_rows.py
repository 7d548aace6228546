"""Rows of runs and steps, each change fenced by the lease of whoever works on the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from components.agents.run import Fault, NewRun, WorkRun, WorkStep
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import WorkRunRow, WorkStepRow

RUNS = WorkRunRow.metadata.tables[WorkRunRow.__tablename__]
STEPS = WorkStepRow.metadata.tables[WorkStepRow.__tablename__]
CLOCK = func.clock_timestamp()
_FREE = or_(RUNS.c.leased_until.is_(None), RUNS.c.leased_until <= CLOCK)


def span(seconds: float) -> Any:
    """An interval."""
    return func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def insert_run(connection: Connection, tenant: TenantContext, new: NewRun, lease: float | None) -> UUID | None:
    """Nothing where its key is known. lease: seconds, for whoever inserts it to work on it; the lease, None where it
    was there already."""
    owner = None if lease is None else uuid4()
    values = {
        "run_id": uuid4(),
        "tenant_id": tenant.tenant_id,
        "key": new.key,
        "kind": new.kind,
        "name": new.name,
        "version": new.version,
        "goal": new.goal,
        "document": dict(new.document),
        "input": dict(new.input),
        "state": {"about": dict(new.about)},
        "caller": new.caller,
        "conversation_id": new.conversation_id,
        "parent": new.parent,
        "wake_at": CLOCK,
        "leased_by": owner,
        "leased_until": None if lease is None else CLOCK + span(lease),
        "claims": 0 if lease is None else 1,
    }
    made = insert(RUNS).values(values).on_conflict_do_nothing(index_elements=["tenant_id", "key"])
    return None if connection.execute(made.returning(RUNS.c.run_id)).one_or_none() is None else owner


def find_run(
    connection: Connection, tenant: TenantContext, *, run_id: UUID | None = None, key: str | None = None
) -> WorkRun | None:
    query = select(RUNS).where(RUNS.c.tenant_id == tenant.tenant_id)
    row = connection.execute(query.where(RUNS.c.key == key if key else RUNS.c.run_id == run_id)).one_or_none()
    return None if row is None else run_of(row)


def claim(
    connection: Connection, tenant: TenantContext, seconds: float, run_id: UUID | None = None
) -> tuple[WorkRun, UUID] | None:
    """The run that has been due longest, or this one where it is due and free: leased for so long; and the lease."""
    owner = uuid4()
    due = select(RUNS.c.run_id).where(RUNS.c.tenant_id == tenant.tenant_id, RUNS.c.wake_at <= CLOCK, _FREE)
    if run_id is not None:
        due = due.where(RUNS.c.run_id == run_id)
    chosen = due.order_by(RUNS.c.wake_at).limit(1).with_for_update(skip_locked=True).scalar_subquery()
    taken = (
        update(RUNS)
        .where(RUNS.c.tenant_id == tenant.tenant_id, RUNS.c.run_id == chosen)
        .values(leased_by=owner, leased_until=CLOCK + span(seconds), status="running", claims=RUNS.c.claims + 1)
        .returning(RUNS)
    )
    row = connection.execute(taken).one_or_none()
    return None if row is None else (run_of(row), owner)


def extend_leases(database: Database, tenant: TenantContext, owners: Sequence[UUID], seconds: float) -> None:
    """They lapse so many seconds from now. Raises DatabaseUnavailable."""
    held = update(RUNS).where(RUNS.c.tenant_id == tenant.tenant_id, RUNS.c.leased_by.in_(owners))
    with database.tenant(tenant) as session:
        session.connection().execute(held.values(leased_until=CLOCK + span(seconds)))


def change_mine(
    connection: Connection, tenant: TenantContext, run_id: UUID, owner: UUID, values: Mapping[str, Any]
) -> WorkRun | None:
    """The run as it stands then; None where the lease is another's."""
    mine = (RUNS.c.tenant_id == tenant.tenant_id, RUNS.c.run_id == run_id, RUNS.c.leased_by == owner)
    row = connection.execute(update(RUNS).where(*mine).values(dict(values)).returning(RUNS)).one_or_none()
    return None if row is None else run_of(row)


def read_steps(connection: Connection, tenant: TenantContext, run_id: UUID) -> tuple[WorkStep, ...]:
    """In the order in which they began."""
    query = select(STEPS).where(STEPS.c.tenant_id == tenant.tenant_id, STEPS.c.run_id == run_id)
    return tuple(step_of(row) for row in connection.execute(query.order_by(STEPS.c.number)))


def begin_step(
    connection: Connection,
    tenant: TenantContext,
    run_id: UUID,
    name: str,
    number: int,
    kind: str,
    given: Mapping[str, Any],
) -> WorkStep:
    """Stored as under way; once more where it had begun before."""
    new = insert(STEPS).values(
        tenant_id=tenant.tenant_id,
        run_id=run_id,
        name=name,
        number=number,
        kind=kind,
        status="running",
        input=dict(given),
    )
    begun = new.on_conflict_do_update(
        index_elements=["tenant_id", "run_id", "name"],
        set_={"status": "running", "attempts": STEPS.c.attempts + 1, "error": None},
    )
    return step_of(connection.execute(begun.returning(STEPS)).one())


def end_step(
    connection: Connection,
    tenant: TenantContext,
    run_id: UUID,
    name: str,
    status: str,
    *,
    output: Mapping[str, Any] | None = None,
    fault: Fault | None = None,
    invocation_id: UUID | None = None,
) -> WorkStep:
    """With what came of it, or that it waits."""
    mine = (STEPS.c.tenant_id == tenant.tenant_id, STEPS.c.run_id == run_id, STEPS.c.name == name)
    values: dict[str, Any] = {
        "status": status,
        "output": None if output is None else dict(output),
        "error": None if fault is None else asdict(fault),
        "finished_at": CLOCK if status in ("done", "failed") else None,
    }
    if invocation_id is not None:
        values["invocation_id"] = invocation_id
    return step_of(connection.execute(update(STEPS).where(*mine).values(values).returning(STEPS)).one())


def run_of(row: Row[Any]) -> WorkRun:
    fault = None if row.error is None else Fault(**row.error)
    return WorkRun(
        row.run_id,
        row.key,
        row.kind,
        row.name,
        row.version,
        row.goal,
        row.document,
        row.input,
        row.state,
        row.caller,
        row.status,
        row.started_at,
        row.result,
        fault,
        row.conversation_id,
        row.parent,
        row.wake_at,
        row.claims,
        row.finished_at,
    )


def step_of(row: Row[Any]) -> WorkStep:
    fault = None if row.error is None else Fault(**row.error)
    return WorkStep(
        row.name,
        row.number,
        row.kind,
        row.status,
        row.input,
        row.started_at,
        row.output,
        fault,
        row.attempts,
        row.invocation_id,
        row.finished_at,
    )
