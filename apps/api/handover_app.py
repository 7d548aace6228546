"""The sockets' part of the application: what it is made of, and what runs while the application does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from socketio import ASGIApp, AsyncServer

from apps.api.agent_access import AgentAccess
from apps.api.agents import SignInBounds, SignIns, agents_router
from apps.api.attachments import Receiving, attachments_router
from apps.api.chat import ChatParts
from apps.api.handover_agents import AgentEvents
from apps.api.handover_changes import CHANNELS, Changes, NotesFeed
from apps.api.handover_customers import CustomerEvents
from apps.api.handover_entrance import Entrance, SocketBounds
from apps.api.handover_feed import Feed
from apps.api.handover_joining import JoinedByRedis, joining
from apps.api.handover_namespace import HandoverNamespace
from apps.api.handover_outlet import NAMESPACE, Outlet
from apps.api.handover_presence import PresenceKeeper
from apps.api.handover_queue_feed import QueueFeed
from apps.api.handover_sockets import Audience
from apps.api.handover_wire import Wire
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench
from components.database.notifications import Notifications

PATH = "/socket.io"
_ACTS_AT_ONCE, _READS_AT_ONCE, _WAITING = 6, 4, 2048
_UPLOADS_AT_ONCE = 16
SIGN_INS = SignInBounds()

logger = logging.getLogger("helpdesk.handover")
# Theirs tells every packet with what it carries.
_quiet = logging.getLogger("helpdesk.socketio")
_quiet.setLevel(logging.ERROR)


def add_handover(app: FastAPI, workbench: Workbench, chat: ChatParts, bounds: SocketBounds) -> AgentAccess:
    """Adds Socket.IO's namespace /handover and the agents' own routes to `app`, and what feeds them while its lifespan
    lasts; how agents are recognised, for the routes beside it. chat: the chat's own parts, whose turns and limits
    sockets share."""
    deadline = workbench.settings.request_deadline
    acts = WorkerPool("handover", threads=_ACTS_AT_ONCE, waiting=_WAITING)
    reads = WorkerPool("feed", threads=_READS_AT_ONCE, waiting=_WAITING)
    manager = joining(workbench.settings)
    server = AsyncServer(
        client_manager=manager,
        async_mode="asgi",
        namespaces=[NAMESPACE],
        max_http_buffer_size=bounds.packet_bytes,
        logger=_quiet,
        engineio_logger=_quiet,
    )
    access = AgentAccess(workbench.agent_tokens, workbench.agents, workbench.tenants, acts, deadline=deadline)
    audience = Audience()
    outlet = Outlet(server, backlog=bounds.backlog, patience=bounds.patience)
    wire = Wire(chat.render, chat.linking)
    feed = Feed(workbench.watching, audience, outlet, wire, reads, deadline=deadline)
    queue = QueueFeed(workbench.watching, audience, outlet, feed, reads, deadline=deadline)
    notes = NotesFeed(workbench.notes, audience, outlet, reads, deadline=deadline)
    entrance = Entrance(
        audience,
        workbench.session_tokens,
        access,
        workbench.tenants,
        workbench.conversations,
        acts,
        bounds,
        deadline=deadline,
    )
    presence = PresenceKeeper(workbench.agents, audience, entrance, outlet, acts, deadline=deadline)
    customers = CustomerEvents(
        chat.turns, chat.limits, workbench.conversations, workbench.desk, feed, outlet, acts, deadline=deadline
    )
    agents = AgentEvents(
        workbench.desk, workbench.notes, workbench.watching, presence, feed, wire, outlet, acts, deadline=deadline
    )
    server.register_namespace(HandoverNamespace(audience, entrance, customers, agents, presence, queue))
    sign_ins = SignIns(workbench.tenants, workbench.agents, workbench.agent_tokens, SIGN_INS, deadline=deadline)
    app.include_router(agents_router(sign_ins, access, workbench.agents, acts, deadline=deadline))
    uploads = WorkerPool("uploads", threads=2, waiting=_UPLOADS_AT_ONCE)
    receiving = Receiving(
        workbench.attachments, workbench.attachment_links, uploads, at_once=_UPLOADS_AT_ONCE, deadline=deadline
    )
    app.include_router(
        attachments_router(
            receiving,
            workbench.attachments,
            workbench.attachment_links,
            chat.access,
            access,
            acts,
            deadline=deadline,
        )
    )
    app.mount(PATH, ASGIApp(server, socketio_path=None))
    listening = Notifications(workbench.database, CHANNELS, Changes(feed, queue, notes, audience))
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state:
            async with _running(listening.run(), feed.run(), queue.run(), notes.run(), presence.run()):
                yield state
            await customers.close()
            with suppress(Exception):
                await server.shutdown()
            if isinstance(manager, JoinedByRedis):
                await manager.close()
            for pool in (sign_ins.pool, uploads, acts, reads):
                pool.close()

    app.router.lifespan_context = lifespan
    return access


@asynccontextmanager
async def _running(*work: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """What goes on beside the block, until its end."""
    tasks = [asyncio.create_task(each) for each in work]
    for task in tasks:
        task.add_done_callback(_tell_fault)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell_fault(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.critical("a part of the sockets has ended: they are told nothing more", exc_info=task.exception())
