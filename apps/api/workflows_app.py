"""The workflows' part of the application: its routes, and its threads while it is served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from apps.api.agent_access import AgentAccess
from apps.api.authentication import Authentication
from apps.api.runs import RunStarts
from apps.api.staff_access import StaffAccess
from apps.api.workers import WorkerPool
from apps.api.workflow_hooks import workflow_hooks_router
from apps.api.workflows import workflows_router
from components.bootstrap import Workbench

_THREADS, _WAITING = 2, 64


def add_workflows(app: FastAPI, workbench: Workbench, starts: RunStarts) -> None:
    """Adds the routes to `app`. starts: begins their runs."""
    deadline, actions = workbench.settings.request_deadline, workbench.actions
    pool = WorkerPool("workflows", threads=_THREADS, waiting=_WAITING)
    access = StaffAccess(
        Authentication(workbench.api_keys, pool, deadline=deadline),
        AgentAccess(workbench.agent_tokens, workbench.agents, workbench.tenants, pool, deadline=deadline),
    )
    app.include_router(workflows_router(actions, workbench.tenants, starts, access, pool, deadline=deadline))
    app.include_router(workflow_hooks_router(actions.workflows, workbench.tenants, starts, pool, deadline=deadline))
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state:
            yield state
            pool.close()

    app.router.lifespan_context = lifespan
