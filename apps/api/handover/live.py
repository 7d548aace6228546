"""The live side of handovers: Socket.IO's server with all that feeds it, wired once an application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Never

from socketio import ASGIApp, AsyncServer
from starlette.types import ASGIApp as Application

from apps.api.agent_access import AgentAccess
from apps.api.chat import ChatParts
from apps.api.handover.agents import AgentEvents
from apps.api.handover.changes import CHANNELS, ApprovalsFeed, Changes, NotesFeed
from apps.api.handover.customers import CustomerEvents
from apps.api.handover.entrance import Entrance, SocketBounds
from apps.api.handover.feed import Feed
from apps.api.handover.joining import JoinedByRedis, joining
from apps.api.handover.namespace import HandoverNamespace
from apps.api.handover.outlet import NAMESPACE, Outlet
from apps.api.handover.presence import PresenceKeeper
from apps.api.handover.queue_feed import QueueFeed
from apps.api.handover.sockets import Audience
from apps.api.handover.wire import Wire
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench
from components.database.notifications import Notifications

_READS_AT_ONCE, _WAITING = 4, 2048
_RESTS_AFTER_FAULT = 1.0

logger = logging.getLogger("helpdesk.handover")
# Theirs tells every packet with what it carries, and each that nobody can read as a fault.
_quiet = logging.getLogger("helpdesk.socketio")
_quiet.setLevel(logging.CRITICAL)


class Live:
    """The namespace /handover as an ASGI application, `app`; it lives while `running` does."""

    def __init__(
        self, workbench: Workbench, chat: ChatParts, access: AgentAccess, acts: WorkerPool, bounds: SocketBounds
    ) -> None:
        """acts: the threads that what sockets ask for runs in; the feeds have their own."""
        deadline, watching = workbench.settings.request_deadline, workbench.watching
        self._manager = joining(workbench.settings)
        self._server = _server(self._manager, bounds)
        self._reads = reads = WorkerPool("feed", threads=_READS_AT_ONCE, waiting=_WAITING)
        audience = Audience()
        outlet = Outlet(self._server, backlog=bounds.backlog, patience=bounds.patience)
        wire = Wire(chat.render, chat.linking)
        feed = Feed(watching, audience, outlet, wire, reads, deadline=deadline)
        queue = QueueFeed(watching, audience, outlet, feed, reads, deadline=deadline)
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
        presence = PresenceKeeper(
            workbench.agents, audience, entrance, outlet, acts, every=bounds.look_every, deadline=deadline
        )
        self._customers = CustomerEvents(
            chat.turns, chat.limits, workbench.conversations, workbench.desk, feed, outlet, acts, deadline=deadline
        )
        agents = AgentEvents(
            workbench.desk, workbench.notes, watching, presence, feed, wire, outlet, acts, deadline=deadline
        )
        self._server.register_namespace(
            HandoverNamespace(audience, entrance, self._customers, agents, presence, queue, outlet)
        )
        approvals = ApprovalsFeed(audience, outlet)
        changes = Changes(feed, queue, notes, approvals, audience)
        listening = Notifications(workbench.database, CHANNELS, changes)
        self._background = (listening.run, feed.run, queue.run, notes.run, approvals.run, presence.run)
        self.app: Application = ASGIApp(self._server, socketio_path=None)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What feeds the sockets goes on beside the block, and at its end everything is given back."""
        tasks = [asyncio.create_task(_kept_going(run)) for run in self._background]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._customers.close()
            await self._server.shutdown()
            if isinstance(self._manager, JoinedByRedis):
                await self._manager.close()
            self._reads.close()


def _server(manager: Any, bounds: SocketBounds) -> AsyncServer:
    """Only pages of the same origin get through to it."""
    return AsyncServer(
        client_manager=manager,
        async_mode="asgi",
        namespaces=[NAMESPACE],
        max_http_buffer_size=bounds.packet_bytes,
        logger=_quiet,
        engineio_logger=_quiet,
    )


async def _kept_going(run: Callable[[], Coroutine[Any, Any, Never]]) -> Never:
    """A fault in a part that runs for ever ends neither it nor the others."""
    while True:
        try:
            await run()
        except Exception:
            logger.critical("a part of the sockets had a fault and begins anew", exc_info=True)
        await asyncio.sleep(_RESTS_AFTER_FAULT)
