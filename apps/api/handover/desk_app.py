"""The agents' part of the application: its threads, and the routes that the console reads from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from apps.api.agent_access import AgentAccess
from apps.api.chat import ChatParts
from apps.api.handover.desk import DeskParts, desk_router
from apps.api.handover.desk_help import help_router
from apps.api.handover.desk_told import DeskTelling
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench


@dataclass(frozen=True)
class DeskBounds:
    """Bounds of the agents' routes in one API process. short: calls at once; slow: those that ask the knowledge or a
    model. waiting: calls of each kind that may wait for a thread before the next is refused with 503."""

    short: int = 4
    slow: int = 2
    waiting: int = 64


def add_desk(app: FastAPI, workbench: Workbench, access: AgentAccess, chat: ChatParts, bounds: DeskBounds) -> None:
    """Adds the routes to `app`, and their threads while its lifespan lasts. chat: how messages are shown."""
    deadline = workbench.settings.request_deadline
    short = WorkerPool("desk", threads=bounds.short, waiting=bounds.waiting)
    slow = WorkerPool("suggestions", threads=bounds.slow, waiting=bounds.waiting)
    desk = DeskParts(
        tools=workbench.agent_tools,
        agents=workbench.agents,
        answers=workbench.answers,
        access=access,
        pool=short,
        slow=slow,
        notes=workbench.notes,
        telling=DeskTelling(chat.render, chat.linking),
        deadline=deadline,
    )
    app.include_router(desk_router(desk))
    app.include_router(help_router(desk))
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state:
            yield state
            slow.close()
            short.close()

    app.router.lifespan_context = lifespan
