"""Where runs are worked on: taken up under a lease, gone through step by step, and put down as they stand."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

from components.agents.journal import Journal, StepFailed
from components.agents.pausing import AwaitsApproval, AwaitsMoment, HandsOver, LeaseLost, TimeIsUp
from components.agents.run import Fault, NewRun, RunKind, WorkRun
from components.agents.run_rows import CLOCK, change_mine, claim, extend_leases, span
from components.agents.runs import Ended, Runs
from components.core.errors import HelpdeskError, TenantNotFound, Unavailable
from components.core.tenant import Tenant, TenantContext
from components.database.leases import Leases
from components.database.session import Database
from components.tools.approvals import find_decision

# A run that so many processes in a row have died of is given up.
MOST_CLAIMS = 5
LEASE_SECONDS = 5.0
_PAUSE = 5.0
_LOOKS_EVERY = 0.05

_log = logging.getLogger("helpdesk.agents")


def _never() -> bool:
    return False


class Runner(Protocol):
    """Goes through the steps of one kind of run. Thread-safe."""

    def run(self, journal: Journal) -> Mapping[str, Any]:
        """The run's result. Called anew after each pause and after a process died: whatever is not a step of the
        journal must come to the same each time. Raises StepFailed and other HelpdeskErrors, which end the run, and
        Paused."""
        ...


class Workshop:
    """Thread-safe."""

    def __init__(
        self,
        database: Database,
        runners: Mapping[RunKind, Runner],
        tenant_of: Callable[[TenantContext], Tenant],
        *,
        on_ended: Sequence[Ended] = (),
        lease: float = LEASE_SECONDS,
    ) -> None:
        """tenant_of: as its configuration is now. on_ended: heard in the transaction that ends a run. lease: seconds
        after which another process takes a run over from one that died."""
        self._database, self._runners, self._tenant_of = database, runners, tenant_of
        self._on_ended = list(on_ended)
        self._leases = Leases(partial(extend_leases, database), lease, "runs")
        self.runs = Runs(database)

    def listen(self, ended: Ended) -> None:
        """One more that hears of runs that end."""
        self._on_ended.append(ended)

    def close(self) -> None:
        """Runs that are worked on go on in another process soon."""
        self._leases.close()

    def run(self, tenant: TenantContext, new: NewRun, *, seconds: float) -> WorkRun:
        """Begins a run and works on it here, for so long at most; as it stands then, which may be its end. What is not
        done by then is gone on with in the background. Raises InvalidInput, KeyReused, DatabaseUnavailable."""
        until = time.monotonic() + seconds
        run, owner = self.runs.begin(tenant, new, self._leases.seconds)
        if owner is not None:
            self._work_on(tenant, run, owner, lambda: time.monotonic() >= until)
            run, _ = self.runs.get(tenant, run.run_id)
        while not run.ended and (wait := _wait(run)) < until - time.monotonic():
            time.sleep(wait)
            if not self.work(tenant, until, run.run_id):
                time.sleep(_LOOKS_EVERY)
            run, _ = self.runs.get(tenant, run.run_id)
        return run

    def work(
        self, tenant: TenantContext, until: float, run_id: UUID | None = None, *, over: Callable[[], bool] = _never
    ) -> bool:
        """Works on the run that has been due longest, or on this one; whether there was one. until: by
        time.monotonic; it, or `over`, has the run put down before its next step. Raises DatabaseUnavailable."""
        with self._database.tenant(tenant) as session:
            taken = claim(session.connection(), tenant, self._leases.seconds, run_id)
        if taken is None:
            return False
        self._work_on(tenant, *taken, lambda: over() or time.monotonic() >= until)
        return True

    def _work_on(self, tenant: TenantContext, run: WorkRun, owner: UUID, over: Callable[[], bool]) -> None:
        try:
            with self._leases.kept(tenant, owner):
                outcome = self._outcome(tenant, run, owner, over)
            self._put_down(tenant, run, owner, *outcome)
        except LeaseLost:
            _log.info("run %s is another's, or was cancelled", run.run_id)

    def _outcome(
        self, tenant: TenantContext, run: WorkRun, owner: UUID, over: Callable[[], bool]
    ) -> tuple[dict[str, Any], UUID | None]:
        """What is stored of the run as it is put down, and the call it waits for."""
        try:
            if run.claims > MOST_CLAIMS:
                raise HelpdeskError(f"{MOST_CLAIMS} processes in a row died of the run: no other one tries it")
            result = self._runners[run.kind].run(Journal(self._database, self._tenant_of(tenant), run, owner, over))
        except LeaseLost:
            raise
        except AwaitsApproval as paused:
            return {"status": "waiting"}, paused.invocation_id
        except AwaitsMoment as paused:
            return {"status": "waiting", "wake_at": CLOCK + span(paused.seconds)}, None
        except TimeIsUp:
            return {"status": "running", "wake_at": CLOCK}, None
        except HandsOver as over:
            fault = Fault("handed_over", over.reason[:2000])
            return {**_ended("handed_over"), "error": asdict(fault), "result": dict(over.result)}, None
        except TenantNotFound:
            raise LeaseLost from None
        except StepFailed as error:
            fault = Fault(error.error.code, error.error.message[:2000], error.name)
            return {**_ended("failed"), "error": asdict(fault)}, None
        except Unavailable as error:
            _log.warning("run %s goes on later: %s", run.run_id, error)
            return {"status": "running", "wake_at": CLOCK + span(_PAUSE)}, None
        except HelpdeskError as error:
            return {**_ended("failed"), "error": asdict(Fault(error.code, error.message[:2000]))}, None
        except Exception as error:
            _log.exception("fault in run %s", run.run_id)
            fault = Fault("internal_error", f"a fault of the helpdesk's own ({type(error).__name__})")
            return {**_ended("failed"), "error": asdict(fault)}, None
        return {**_ended("done"), "result": dict(result)}, None

    def _put_down(
        self, tenant: TenantContext, run: WorkRun, owner: UUID, values: dict[str, Any], awaited: UUID | None
    ) -> None:
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            freed = {**values, "leased_by": None, "leased_until": None, "claims": 0}
            if awaited is not None:
                # Its row locked first: whoever decides meanwhile wakes it after.
                if change_mine(connection, tenant, run.run_id, owner, {"leased_until": CLOCK}) is None:
                    raise LeaseLost
                freed["wake_at"] = None if self._is_pending(connection, tenant, awaited) else CLOCK
            ended = change_mine(connection, tenant, run.run_id, owner, freed)
            if ended is None:
                raise LeaseLost
            if ended.ended:
                for hear in self._on_ended:
                    hear(connection, tenant, ended)

    @staticmethod
    def _is_pending(connection: Connection, tenant: TenantContext, invocation_id: UUID) -> bool:
        decision = find_decision(connection, tenant, invocation_id)
        return decision is not None and decision[0] == "pending"


def _ended(status: str) -> dict[str, Any]:
    return {"status": status, "wake_at": None, "finished_at": CLOCK}


def _wait(run: WorkRun) -> float:
    """Seconds until a run goes on by itself; without end where it waits for a person."""
    if run.status != "waiting":
        return 0.0
    return math.inf if run.wake_at is None else max((run.wake_at - datetime.now(UTC)).total_seconds(), 0.0)
