"""The timers' and outcomes' part of the application: its routes, its threads, and the loops while it is served."""

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
    """Bounds of timers and outcomes in one API process. every: seconds between two sweeps of the timers;
    forgets_every: between two of what was kept long enough. threads: calls at once, beside those of both. waiting:
    calls that may wait for a thread before the next is refused with 503."""

    every: float = 5.0
    forgets_every: float = 6 * 3600.0
    threads: int = 2
    waiting: int = 64


def add_outcomes(app: FastAPI, workbench: Workbench, bounds: TimerBounds) -> None:
    """Adds the routes to `app`, and the timers while its lifespan lasts."""
    deadline = workbench.settings.request_deadline
    pool = WorkerPool("outcomes", threads=bounds.threads, waiting=bounds.waiting)
    sweeping, forgetting = (WorkerPool(name, threads=1, waiting=1) for name in ("timers", "retention"))
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
            tenants, retention = partial(_unreserved, workbench), workbench.evaluation_retention
            loops = (
                TimerLoop("timers", workbench.timers.sweep, tenants, sweeping, every=bounds.every),
                TimerLoop(
                    "retention",
                    lambda tenant: retention.sweep(tenant.context),
                    tenants,
                    forgetting,
                    every=bounds.forgets_every,
                ),
            )
            for loop in loops:
                loop.start()
            yield state
            for loop in loops:
                await loop.stop(_CLOSES_WITHIN)
            for each in (pool, sweeping, forgetting):
                each.close()

    app.router.lifespan_context = lifespan


def _unreserved(workbench: Workbench) -> list[Tenant]:
    """Those whose time passes here."""
    return [each for each in workbench.tenants.list() if not workbench.database.is_reserved(each.context)]
