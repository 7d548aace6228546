"""The namespace /handover: connections let in or refused, and every event checked, carried out and answered."""

from __future__ import annotations

import logging
from typing import Any

from socketio import AsyncNamespace
from socketio.exceptions import ConnectionRefusedError

from apps.api.handover.agents import AgentEvents
from apps.api.handover.answers import Answer, done, failed, fault
from apps.api.handover.customers import CustomerEvents
from apps.api.handover.entrance import Entrance, take
from apps.api.handover.outlet import NAMESPACE, Outlet
from apps.api.handover.presence import PresenceKeeper
from apps.api.handover.queue_feed import QueueFeed
from apps.api.handover.requests import read_request
from apps.api.handover.sockets import Audience, Socket
from components.core.errors import AccessDenied, HelpdeskError, InvalidInput

logger = logging.getLogger("helpdesk.handover")


class HandoverNamespace(AsyncNamespace):  # type: ignore[misc]  # the library has no types
    """Takes every event of python-socketio's server, so that none goes unanswered."""

    def __init__(
        self,
        audience: Audience,
        entrance: Entrance,
        customers: CustomerEvents,
        agents: AgentEvents,
        presence: PresenceKeeper,
        queue: QueueFeed,
        outlet: Outlet,
    ) -> None:
        super().__init__(NAMESPACE)
        self._audience, self._entrance, self._presence, self._queue = audience, entrance, presence, queue
        self._customers, self._agents, self._outlet = customers, agents, outlet
        self._of_customers, self._of_agents = customers.handlers, agents.handlers

    async def trigger_event(self, event: str, *args: Any) -> Any:
        sid, *sent = args
        # A client can call its own event `connect` or `disconnect`, too.
        if event == "connect" and self.server.manager.is_pre_connected(sid, NAMESPACE):
            return await self._connect(sid, sent[1] if len(sent) > 1 else None)
        if event == "disconnect" and not self.server.manager.is_connected(sid, NAMESPACE):
            return self._disconnect(sid)
        return await self._answer(event, sid, tuple(sent))

    async def _connect(self, sid: str, auth: Any) -> None:
        """Once the socket is in, nothing waits any more: what it is told follows the connection's own answer."""
        try:
            socket, cursor = await self._entrance.admit(sid, auth)
            if socket.agent is not None:
                await self._queue.begin(socket.tenant.context)
                await self._presence.enter(socket)
            self._audience.enter(socket)
            if socket.agent is not None:
                await self._agents.begin(socket)
            else:
                await self._customers.begin(socket, cursor)
        except HelpdeskError as error:
            told = failed(error)
            raise ConnectionRefusedError(told["message"], told) from error
        except Exception as error:
            raise ConnectionRefusedError(fault()["message"], {"ok": False, "code": "internal_error"}) from error

    def _disconnect(self, sid: str) -> None:
        socket = self._audience.leave(sid)
        if socket is None:
            return
        self._outlet.release(socket)
        if socket.agent is not None:
            self._presence.leave(socket)

    async def _answer(self, event: str, sid: str, sent: tuple[Any, ...]) -> Answer:
        try:
            socket = self._audience.find(sid)
            if socket is None:
                raise AccessDenied("connect to the namespace first")
            take(socket.events, "events")
            handler = self._handlers(socket).get(event)
            if handler is None:
                raise self._not_allowed(socket, event)
            await self._entrance.check(socket)
            return done(await handler.act(socket, read_request(handler.request, sent)))
        except HelpdeskError as error:
            return failed(error)
        except Exception:
            # The edge: nothing above could tell the client.
            return fault()

    def _handlers(self, socket: Socket) -> Any:
        return self._of_customers if socket.agent is None else self._of_agents

    def _not_allowed(self, socket: Socket, event: str) -> HelpdeskError:
        if event in (self._of_agents if socket.agent is None else self._of_customers):
            others = "an agent's" if socket.agent is None else "a customer's"
            return AccessDenied(f"{event} is {others} event: sign in as one", field="event")
        allowed = ", ".join(self._handlers(socket))
        return InvalidInput(f"event {str(event)[:40]!r}: {allowed} are allowed", field="event")
