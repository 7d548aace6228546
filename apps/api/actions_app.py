"""The part of the application that does things: its routes, its threads, and the foreman while it is served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from apps.api.action_telling import ActionTelling
from apps.api.agent_access import AgentAccess
from apps.api.approvals import approvals_router
from apps.api.staff_access import StaffAccess
from apps.api.tenant_turns import TenantTurns
from apps.api.tools import ToolParts, tools_router
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench


@dataclass(frozen=True)
class ActionBounds:
    """Bounds of tools in one API process. short: reads at once. calls: calls of tools at once, beside the runs' own;
    each: of those, one tenant's. waiting: of each kind that may wait before the next is refused with 503."""

    short: int = 4
    calls: int = 16
    each: int = 4
    waiting: int = 128


def add_actions(
    app: FastAPI, workbench: Workbench, staff: StaffAccess, agents: AgentAccess, bounds: ActionBounds
) -> None:
    """Adds the routes to `app`; while its lifespan lasts, runs and what was decided are gone on with."""
    actions = workbench.actions
    short = WorkerPool("actions", threads=bounds.short, waiting=bounds.waiting)
    calls = WorkerPool("tools", threads=bounds.calls, waiting=bounds.waiting)
    parts = ToolParts(
        tools=actions.tools,
        tenants=workbench.tenants,
        conversations=workbench.conversations,
        telling=ActionTelling(actions.tools, workbench.agents, workbench.conversations),
        access=staff,
        short=short,
        calls=TenantTurns(calls, each=bounds.each, waiting=bounds.waiting),
        deadline=workbench.settings.request_deadline,
    )
    app.include_router(tools_router(parts))
    app.include_router(approvals_router(actions.approvals, parts, agents))
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state:
            foreman = actions.foreman()
            foreman.start()
            yield state
            await asyncio.to_thread(foreman.close)
            for pool in (short, calls):
                pool.close()

    app.router.lifespan_context = lifespan
