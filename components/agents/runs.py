"""Runs as others see them: begun once, looked at, cancelled; and what is heard when one has ended."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import Connection, select, update

from components.agents.run import ENDED, NewRun, RunKind, RunStatus, WorkRun, WorkStep
from components.agents.run_rows import CLOCK, RUNS, find_run, insert_run, read_steps, run_of
from components.core.errors import Conflict, InvalidInput, KeyReused, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.audit import record_action
from components.helpdesk.storable import storable
from components.tools.arguments import plain
from components.tools.invocation import Invocation

LARGEST_INPUT = 64_000
LONGEST_KEY = 300
MOST = 200

# Hears, in the transaction that ends a run, of the run.
Ended = Callable[[Connection, TenantContext, WorkRun], None]


class Runs:
    """Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, tenant: TenantContext, new: NewRun) -> WorkRun:
        """The run, due at once; the one that its key began where there is one. Raises InvalidInput, KeyReused."""
        return self.begin(tenant, new, None)[0]

    def begin(self, tenant: TenantContext, new: NewRun, lease: float | None) -> tuple[WorkRun, UUID | None]:
        """As `start`; lease: seconds for which the caller works on it, where it is new. The lease, None where it is
        not."""
        if not 1 <= len(storable(new.key, "key")) <= LONGEST_KEY:
            raise InvalidInput(f"key has {len(new.key)} characters: 1 to {LONGEST_KEY} are allowed", field="key")
        given = plain(new.input, "input of a run", "input", LARGEST_INPUT)
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            owner = insert_run(connection, tenant, new, lease)
            run = find_run(connection, tenant, key=new.key)
        if run is None:
            raise NotFound(f"the run of the key {new.key!r} is gone: its tenant may have been deleted")
        if (run.kind, run.name, dict(run.input)) != (new.kind, new.name, given):
            raise KeyReused(f"the key {new.key[:100]!r} stands for another run of {run.name}: send another key")
        return run, owner

    def get(self, tenant: TenantContext, run_id: UUID) -> tuple[WorkRun, tuple[WorkStep, ...]]:
        """The run and its steps. Raises NotFound."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            run = find_run(connection, tenant, run_id=run_id)
            if run is None:
                raise NotFound(f"there is no run {run_id}", field="run_id")
            return run, read_steps(connection, tenant, run_id)

    def search(
        self,
        tenant: TenantContext,
        *,
        kind: RunKind | None = None,
        name: str | None = None,
        status: RunStatus | None = None,
        conversation_id: UUID | None = None,
        limit: int = 50,
    ) -> tuple[WorkRun, ...]:
        """The newest first. Raises InvalidInput."""
        if not 1 <= limit <= MOST:
            raise InvalidInput(f"limit={limit}: 1 to {MOST} are allowed", field="limit")
        wanted = {"kind": kind, "name": name, "status": status, "conversation_id": conversation_id}
        query = select(RUNS).where(
            RUNS.c.tenant_id == tenant.tenant_id,
            *(RUNS.c[column] == value for column, value in wanted.items() if value is not None),
        )
        with self._database.tenant(tenant) as session:
            rows = session.connection().execute(query.order_by(RUNS.c.started_at.desc()).limit(limit))
            return tuple(run_of(row) for row in rows)

    def cancel(self, tenant: TenantContext, run_id: UUID) -> WorkRun:
        """Ends it before its next step; what it has done stays done. Raises NotFound, Conflict where it has ended."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            mine = (RUNS.c.tenant_id == tenant.tenant_id, RUNS.c.run_id == run_id)
            values = {"status": "cancelled", "wake_at": None, "leased_by": None, "finished_at": CLOCK}
            going = update(RUNS).where(*mine, RUNS.c.status.not_in(ENDED)).values(values)
            row = connection.execute(going.returning(RUNS)).one_or_none()
            if row is None:
                stood = find_run(connection, tenant, run_id=run_id)
                if stood is None:
                    raise NotFound(f"there is no run {run_id}", field="run_id")
                raise Conflict(f"the run {run_id} is {stood.status} already", field="status")
            record_action(session, tenant.tenant_id, "run.cancelled", {"run_id": str(run_id)})
            return run_of(row)


def wake_for(connection: Connection, tenant: TenantContext, invocation: Invocation) -> None:
    """Has the run go on whose call a person has decided; keeps components.tools.approvals.Decided."""
    if invocation.run_id is None:
        return
    mine = (RUNS.c.tenant_id == tenant.tenant_id, RUNS.c.run_id == invocation.run_id)
    connection.execute(update(RUNS).where(*mine, RUNS.c.status.not_in(ENDED)).values(wake_at=CLOCK))
