"""The runs' part of the application: its routes, and its threads while it is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from apps.api.agent_access import AgentAccess
from apps.api.authentication import Authentication
from apps.api.runs import RunBounds, RunStarts, goals_router, runs_router
from apps.api.staff_access import StaffAccess
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench


def add_runs(app: FastAPI, workbench: Workbench, bounds: RunBounds) -> RunStarts:
    """Adds the routes to `app`. What it gives begins runs of other kinds within the same bounds."""
    deadline = workbench.settings.request_deadline
    pool = WorkerPool("runs", threads=bounds.threads, waiting=bounds.waiting)
    working = WorkerPool("working", threads=bounds.working, waiting=bounds.waiting)
    access = StaffAccess(
        Authentication(workbench.api_keys, pool, deadline=deadline),
        AgentAccess(workbench.agent_tokens, workbench.agents, workbench.tenants, pool, deadline=deadline),
    )
    actions = workbench.actions
    starts = RunStarts(actions.workshop, working, deadline=deadline)
    app.include_router(goals_router(actions, workbench.tenants, starts, access, pool, deadline=deadline))
    app.include_router(runs_router(actions.workshop, access, pool, bounds, deadline=deadline))
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state:
            yield state
            for each in (pool, working):
                each.close()

    app.router.lifespan_context = lifespan
    return starts
