"""The journal of one run: a step that has ended is never done again, whichever process goes on with the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, cast
from sqlalchemy.dialects.postgresql import JSONB

from components.agents.pausing import AwaitsApproval, AwaitsMoment, LeaseLost, Paused, TimeIsUp
from components.agents.run import Fault, WorkRun, WorkStep
from components.agents.run_rows import RUNS, begin_step, change_mine, end_step, read_steps
from components.core.errors import HelpdeskError, InvalidInput, Unavailable
from components.core.tenant import Tenant
from components.database.session import Database
from components.tools.arguments import plain
from components.tools.invocation import Failure, error_of

LARGEST_STEP = 512_000
# A step that fails for the moment is tried so often, ever later.
ATTEMPTS = 5
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


@dataclass(frozen=True)
class StepKey:
    """What a step is told: the key that stays the same however often it is tried, and which try it is, from 1. begun:
    when it was first begun."""

    key: str
    attempt: int
    begun: datetime


Do = Callable[[StepKey], Mapping[str, Any]]


class StepFailed(Exception):
    """A step has failed for good. `error`: with what. Whoever runs the steps may go on on another way."""

    def __init__(self, name: str, error: HelpdeskError) -> None:
        super().__init__(f"{name}: {error.message}")
        self.name, self.error = name, error


class Journal:
    """Of a run that is leased. For one thread."""

    def __init__(self, database: Database, tenant: Tenant, run: WorkRun, owner: UUID, over: Callable[[], bool]) -> None:
        """owner: the lease. over: whether whoever runs it wants to stop before the next step."""
        self.tenant, self.run = tenant, run
        self._database, self._owner, self._over = database, owner, over
        with database.tenant(tenant.context) as session:
            steps = read_steps(session.connection(), tenant.context, run.run_id)
        self._steps = {step.name: step for step in steps}

    @property
    def steps(self) -> tuple[WorkStep, ...]:
        """Those that have begun, in their order."""
        return tuple(self._steps.values())

    def find(self, name: str) -> WorkStep | None:
        """The step as it stands."""
        return self._steps.get(name)

    def step(
        self,
        name: str,
        kind: str,
        given: Mapping[str, Any],
        do: Do,
        *,
        attempts: int = ATTEMPTS,
    ) -> Mapping[str, Any]:
        """What `do` gives, or gave when the step was done before; JSON values.

        name: the step's own within the run. given: what it stands on, for people to see. attempts: how often it is
        tried where it raises Unavailable.
        Raises StepFailed, and Paused, which is not to be caught.
        """
        stood = self._steps.get(name)
        if stood is not None and stood.status == "done":
            return stood.output or {}
        if stood is not None and stood.status == "failed" and stood.fault is not None:
            raise StepFailed(name, error_of(Failure(stood.fault.code, stood.fault.message)))
        if self._over():
            raise TimeIsUp
        begun = self._begin(name, kind, given)
        try:
            output = plain(
                do(StepKey(f"{self.run.run_id}/{name}", begun.attempts, begun.started_at)), name, name, LARGEST_STEP
            )
        except AwaitsApproval as paused:
            self._end(name, "waiting", invocation_id=paused.invocation_id)
            raise
        except AwaitsMoment:
            self._end(name, "waiting")
            raise
        except Paused:
            raise
        except Unavailable as error:
            if begun.attempts < attempts:
                self._end(name, "waiting", fault=Fault(error.code, error.message, name))
                raise AwaitsMoment(min(FIRST_PAUSE * 2.0 ** (begun.attempts - 1), LONGEST_PAUSE)) from error
            raise self._failed(name, error) from error
        except HelpdeskError as error:
            raise self._failed(name, error) from error
        self._end(name, "done", output=output)
        return output

    def remember(self, values: Mapping[str, Any]) -> None:
        """Adds JSON values to the run's state. Raises LeaseLost."""
        kept = plain(values, "state of a run", "state", LARGEST_STEP)
        with self._database.tenant(self.tenant.context) as session:
            self._change(session.connection(), {"state": RUNS.c.state.op("||")(cast(kept, JSONB))})

    def _begin(self, name: str, kind: str, given: Mapping[str, Any]) -> WorkStep:
        values = plain(given, f"input of {name}", "input", LARGEST_STEP)
        with self._database.tenant(self.tenant.context) as session:
            connection = session.connection()
            self._hold(connection)
            step = begin_step(
                connection, self.tenant.context, self.run.run_id, name, len(self._steps) + 1, kind, values
            )
        self._steps[name] = step
        return step

    def _end(self, name: str, status: str, **values: Any) -> None:
        with self._database.tenant(self.tenant.context) as session:
            connection = session.connection()
            self._hold(connection)
            self._steps[name] = end_step(connection, self.tenant.context, self.run.run_id, name, status, **values)

    def _failed(self, name: str, error: HelpdeskError) -> StepFailed:
        self._end(name, "failed", fault=Fault(error.code, error.message[:2000], name))
        return StepFailed(name, error)

    def _hold(self, connection: Connection) -> None:
        """Locks the run's row and knows that it is still ours, so that no other process does the step too."""
        self._change(connection, {"claims": RUNS.c.claims})

    def _change(self, connection: Connection, values: Mapping[str, Any]) -> None:
        changed = change_mine(connection, self.tenant.context, self.run.run_id, self._owner, values)
        if changed is None:
            raise LeaseLost
        self.run = changed


def waited(key: StepKey, seconds: float) -> None:
    """Lets a step that waits come back after so many seconds since it began. Raises AwaitsMoment, InvalidInput."""
    if not 0 <= seconds <= 366 * 86_400:
        raise InvalidInput(f"a wait of {seconds:g} s: 0 s to 366 days are allowed", field="seconds")
    left = seconds - (datetime.now(UTC) - key.begun).total_seconds()
    if left > 0:
        raise AwaitsMoment(left)
