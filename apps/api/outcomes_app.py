"""The timers' and outcomes' part of the application: its routes, its threads, and the loop while it is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from fastapi import FastAPI

from apps.api.agent_access import AgentAccess
from apps.api.authentication import Authentication
from apps.api.outcomes import outcomes_router, rating_router
from apps.api.session_access import SessionAccess
from apps.api.staff_access import StaffAccess
from apps.api.timer_loop import TimerLoop
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench
from components.core.tenant import Tenant

_CLOSES_WITHIN = 5.0


@dataclass(frozen=True)
class TimerBounds:
    """Bounds of timers and outcomes in one API process. every: seconds between two sweeps of the timers. threads: calls
    at once, beside the timers' own. waiting: calls that may wait for a thread before the next is refused with 503."""

    every: float = 5.0
    threads: int = 2
    waiting: int = 64


def add_outcomes(app: FastAPI, workbench: Workbench, bounds: TimerBounds) -> None:
    """Adds the routes to `app`, and the timers while its lifespan lasts."""
    deadline = workbench.settings.request_deadline
    pool = WorkerPool("outcomes", threads=bounds.threads, waiting=bounds.waiting)
    sweeping = WorkerPool("timers", threads=1, waiting=1)
    customers = SessionAccess(workbench.session_tokens, workbench.tenants, pool, deadline=deadline)
    staff = StaffAccess(
        Authentication(workbench.api_keys, pool, deadline=deadline),
        AgentAccess(workbench.agent_tokens, workbench.agents, workbench.tenants, pool, deadline=deadline),
    )
    app.include_router(rating_router(workbench.outcomes, customers, pool, deadline=deadline))
    app.include_router(outcomes_router(workbench.outcomes, staff, pool, deadline=deadline))
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state:
            loop = TimerLoop(workbench.timers, partial(_unreserved, workbench), sweeping, every=bounds.every)
            loop.start()
            yield state
            await loop.stop(_CLOSES_WITHIN)
            for each in (pool, sweeping):
                each.close()

    app.router.lifespan_context = lifespan


def _unreserved(workbench: Workbench) -> list[Tenant]:
    """Those whose time passes here."""
    return [each for each in workbench.tenants.list() if not workbench.database.is_reserved(each.context)]
