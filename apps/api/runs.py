"""/orchestrator/runs and /runs: goals begun, and runs of goals and workflows looked at, followed and cancelled."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, TypeVar
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.sse import EventSourceResponse
from starlette.types import Receive, Scope, Send

from apps.api.openapi import problem_responses
from apps.api.run_events import run_events
from apps.api.run_types import GoalRequest, RunBody, RunList, RunWithSteps, run_body, run_with_steps
from apps.api.staff_access import Staff, StaffAccess
from apps.api.tickets import RequestKey
from apps.api.workers import WorkerPool
from components.agents.run import NewRun, RunKind, RunStatus, WorkRun, WorkStep
from components.agents.runs import MOST
from components.agents.workshop import Workshop
from components.bootstrap.actions import Actions
from components.core.errors import InvalidInput, Unavailable
from components.core.tenant import TenantContext
from components.helpdesk.tenants import TenantRegistry

T = TypeVar("T")
MOST_WAITED = 60.0
_GRACE = 1.0

Wait = Annotated[
    float, Query(ge=0, le=MOST_WAITED, allow_inf_nan=False, description="Seconds to wait for its end; 202 past them.")
]
_READS = (
    "invalid_api_key",
    "invalid_credentials",
    "access_denied",
    "invalid_input",
    "internal_error",
    "database_unavailable",
)
_OF_ONE = (*_READS, "not_found", "unavailable")
_BEGINS = (*_OF_ONE, "invalid_json", "content_too_large", "unsupported_media_type", "key_reused", "tool_not_allowed")
_STREAM = {
    "description": "`step` each time that a step begins or ends, `run` each time that the run's status changes; an "
    "`id` on all that Last-Event-ID goes on after. Ends with the run, or after ten minutes.",
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}


@dataclass(frozen=True)
class RunBounds:
    """Bounds of runs in one API process. working: runs that are worked on at once while their callers wait; threads:
    other calls at once; waiting: calls that may queue. readers: streams of events at once. every: seconds between two
    looks at a run that is followed. followed: the longest stream, in seconds."""

    working: int = 4
    threads: int = 2
    waiting: int = 64
    readers: int = 100
    every: float = 0.5
    heartbeat: float = 15.0
    followed: float = 600.0


class RunStarts:
    """Begins runs and waits for them as long as their callers want to; what is not done then goes on by itself."""

    def __init__(self, workshop: Workshop, pool: WorkerPool, *, deadline: float) -> None:
        """pool: for runs that are worked on while somebody waits."""
        self._workshop, self._pool, self._deadline = workshop, pool, deadline

    async def begin(self, tenant: TenantContext, new: NewRun, wait: float) -> WorkRun:
        """The run as it stands after `wait` seconds, or at its end. Raises as Workshop.run does."""
        run = await self._pool.run(partial(self._workshop.runs.start, tenant, new), deadline=self._deadline)
        if wait and not run.ended:
            # A step that takes longer than its caller waits goes on in its thread.
            with suppress(Unavailable):
                work = partial(self._workshop.run, tenant, new, seconds=wait)
                return await self._pool.run(work, deadline=wait + _GRACE)
            run, _ = await self._pool.run(partial(self._workshop.runs.get, tenant, run.run_id), deadline=self._deadline)
        return run


def status_of(run: WorkRun) -> int:
    """200 for what has ended, 202 for what goes on."""
    return 200 if run.ended else 202


def goals_router(
    actions: Actions,
    tenants: TenantRegistry,
    starts: RunStarts,
    access: StaffAccess,
    pool: WorkerPool,
    *,
    deadline: float,
) -> APIRouter:
    """The route that begins a goal."""
    router = APIRouter(tags=["runs"])

    @router.post(
        "/orchestrator/runs",
        summary="Have the orchestrator reach a goal",
        operation_id="begin_goal",
        responses={
            202: {"description": "It goes on: for a moment, or until a person has approved a call", "model": RunBody},
            **problem_responses(*_BEGINS),
        },
    )
    async def begin(
        body: GoalRequest,
        response: Response,
        staff: Annotated[Staff, Depends(access)],
        key: RequestKey = None,
        wait: Wait = 0.0,
    ) -> RunBody:
        def check() -> None:
            actions.goals.check(tenants.get(staff.tenant.tenant_id), body.goal, body.context, body.plan)

        await pool.run(check, deadline=deadline)
        new = NewRun(
            "goal",
            body.goal,
            f"http/{key or uuid4()}",
            {} if body.plan is None else {"plan": body.plan},
            body.context,
            "agent" if staff.actor.kind == "agent" else "api",
            goal=body.goal,
            conversation_id=body.conversation_id,
        )
        run = await starts.begin(staff.tenant, new, wait)
        response.status_code = status_of(run)
        response.headers["Location"] = f"/runs/{run.run_id}"
        return run_body(run)

    return router


def runs_router(
    workshop: Workshop, access: StaffAccess, pool: WorkerPool, bounds: RunBounds, *, deadline: float
) -> APIRouter:
    """The routes of runs that have begun. A run of another tenant is not found."""
    router = APIRouter(prefix="/runs", tags=["runs"])
    readers: set[object] = set()

    async def run(call: Callable[[], T]) -> T:
        return await pool.run(call, deadline=deadline)

    @router.get(
        "", summary="Find runs, the newest first", operation_id="find_runs", responses=problem_responses(*_READS)
    )
    async def find(
        staff: Annotated[Staff, Depends(access)],
        kind: RunKind | None = None,
        name: Annotated[str | None, Query(max_length=200)] = None,
        status: RunStatus | None = None,
        conversation_id: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
    ) -> RunList:
        search = partial(workshop.runs.search, kind=kind, name=name, status=status, conversation_id=conversation_id)
        found = await run(partial(search, staff.tenant, limit=limit))
        return RunList(runs=[run_body(each) for each in found])

    @router.get(
        "/{run_id}", summary="A run and its steps", operation_id="get_run", responses=problem_responses(*_OF_ONE)
    )
    async def read(run_id: UUID, staff: Annotated[Staff, Depends(access)]) -> RunWithSteps:
        return run_with_steps(*await run(partial(workshop.runs.get, staff.tenant, run_id)))

    @router.post(
        "/{run_id}/cancel",
        summary="End a run before its next step",
        operation_id="cancel_run",
        responses=problem_responses(*_OF_ONE, "conflict"),
    )
    async def cancel(run_id: UUID, staff: Annotated[Staff, Depends(access)]) -> RunBody:
        """What it has done stays done."""
        return run_body(await run(partial(workshop.runs.cancel, staff.tenant, run_id)))

    @router.get(
        "/{run_id}/events",
        summary="Follow a run",
        operation_id="follow_run",
        responses={200: _STREAM, **problem_responses(*_OF_ONE)},
    )
    async def follow(
        run_id: UUID,
        staff: Annotated[Staff, Depends(access)],
        last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)] = None,
    ) -> Response:
        if last is not None and not (last.isascii() and last.isdecimal()):
            raise InvalidInput(
                f"Last-Event-ID={last!r}: the id of an event of this run is allowed", field="Last-Event-ID"
            )
        if len(readers) >= bounds.readers:
            raise Unavailable(f"{bounds.readers} runs are followed here already")

        async def look() -> tuple[WorkRun, tuple[WorkStep, ...]]:
            return await run(partial(workshop.runs.get, staff.tenant, run_id))

        await look()
        events = run_events(
            look, after=int(last or 0), every=bounds.every, heartbeat=bounds.heartbeat, seconds=bounds.followed
        )
        return _Events(events, readers)

    return router


class _Events(EventSourceResponse):
    """Counts its reader, and closes what it streams where that one leaves."""

    def __init__(self, events: AsyncGenerator[bytes, None], readers: set[object]) -> None:
        super().__init__(events, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._events, self._readers = events, readers
        readers.add(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with aclosing(self._events):
                await super().__call__(scope, receive, send)
        finally:
            self._readers.discard(self)
