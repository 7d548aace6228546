"""The handover's part of the application: sockets, agents' own routes, attachments, and what runs beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from apps.api.agent_access import AgentAccess
from apps.api.agents import SignInBounds, SignIns, agents_router
from apps.api.attachments import Receiving, attachments_router
from apps.api.chat import ChatParts
from apps.api.handover.entrance import SocketBounds
from apps.api.handover.live import Live
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench

PATH = "/socket.io"
_ACTS_AT_ONCE, _UPLOADS_AT_ONCE, _WAITING = 6, 16, 2048


def add_handover(app: FastAPI, workbench: Workbench, chat: ChatParts, bounds: SocketBounds) -> AgentAccess:
    """Adds Socket.IO's namespace /handover and the agents' own routes to `app`, and what feeds them while its lifespan
    lasts; how agents are recognised, for the routes beside it. chat: the chat's own parts, whose turns and limits
    sockets share."""
    deadline = workbench.settings.request_deadline
    attachments, links = workbench.attachments, workbench.attachment_links
    acts = WorkerPool("handover", threads=_ACTS_AT_ONCE, waiting=_WAITING)
    uploads = WorkerPool("uploads", threads=2, waiting=_UPLOADS_AT_ONCE)
    access = AgentAccess(workbench.agent_tokens, workbench.agents, workbench.tenants, acts, deadline=deadline)
    sign_ins = SignIns(workbench.tenants, workbench.agents, workbench.agent_tokens, SignInBounds(), deadline=deadline)
    receiving = Receiving(attachments, links, uploads, at_once=_UPLOADS_AT_ONCE, deadline=deadline)
    live = Live(workbench, chat, access, acts, bounds)
    app.include_router(agents_router(sign_ins, access, workbench.agents, acts, deadline=deadline))
    app.include_router(attachments_router(receiving, attachments, links, chat.access, access, acts, deadline=deadline))
    app.mount(PATH, live.app)
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state:
            async with live.running():
                yield state
            for pool in (sign_ins.pool, uploads, acts):
                pool.close()

    app.router.lifespan_context = lifespan
    return access
