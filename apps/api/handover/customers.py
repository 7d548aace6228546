"""What a customer may do by socket, in their own conversation and in no other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing, suppress
from functools import partial
from uuid import UUID

from apps.api.chat_limits import ChatLimits
from apps.api.chat_turns import ChatTurns, RunningTurn
from apps.api.handover.answers import Answer, Handler
from apps.api.handover.entrance import take
from apps.api.handover.feed import Feed
from apps.api.handover.outlet import Outlet, customer_room, watching_agents_room
from apps.api.handover.requests import CustomerMessage, CustomerRead, CustomerTyping, Replay
from apps.api.handover.sockets import Socket
from apps.api.session_access import ChatSession
from apps.api.workers import WorkerPool
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.conversations.turn_records import Accepted, StoredTurn
from components.helpdesk.handover.desk import Desk


class CustomerEvents:
    """Each method answers one event of a customer's socket, and raises as what it calls does."""

    def __init__(
        self,
        turns: ChatTurns,
        limits: ChatLimits,
        conversations: Conversations,
        desk: Desk,
        feed: Feed,
        outlet: Outlet,
        pool: WorkerPool,
        *,
        deadline: float,
    ) -> None:
        """limits: those of the chat over HTTP, which counts the same messages."""
        self._turns, self._limits, self._conversations, self._desk = turns, limits, conversations, desk
        self._feed, self._outlet, self._pool, self._deadline = feed, outlet, pool, deadline
        self._showing: set[asyncio.Task[None]] = set()

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """By the event's name."""
        return {
            "message": Handler(CustomerMessage, self.message),
            "typing": Handler(CustomerTyping, self.typing),
            "read": Handler(CustomerRead, self.read),
            "replay": Handler(Replay, self.replay),
        }

    async def begin(self, socket: Socket, cursor: int) -> None:
        """The socket is connected: it watches its conversation from there on."""
        await self._outlet.enter(socket, customer_room(socket.tenant.tenant_id, _session(socket)))
        self._feed.watch(socket, _session(socket), cursor)
        self._resume(socket)

    async def message(self, socket: Socket, asked: CustomerMessage) -> Answer:
        """Answered as soon as it is stored: what is replied comes as it comes to everybody who watches."""
        session = ChatSession(socket.tenant, _session(socket))
        self._limits.count_message(session.tenant.context, session.session_id)
        async with socket.order:
            running = self._turns.begin(session, asked.client_message_id, asked.text, asked.attachments)
            try:
                accepted = await running.accepted()
            except BaseException:
                running.close()
                raise
        if isinstance(accepted.now, StoredTurn):
            running.close()
        else:
            self._show_typing(session, running)
        return {"sequence": accepted.message.sequence, "status": await self._status(session, accepted)}

    async def typing(self, socket: Socket, asked: CustomerTyping) -> Answer:
        take(socket.fleeting, "signs of typing")
        room = watching_agents_room(socket.tenant.tenant_id, _session(socket))
        told = {"session_id": str(_session(socket)), "who": "customer", "name": socket.name, "typing": asked.typing}
        await self._outlet.pass_on([room], "typing", told, but=socket.sid)
        return {}

    async def read(self, socket: Socket, asked: CustomerRead) -> Answer:
        call = partial(self._desk.read, socket.tenant.context, _session(socket), "customer", asked.sequence)
        await self._pool.run(call, deadline=self._deadline)
        return {}

    async def replay(self, socket: Socket, asked: Replay) -> Answer:
        self._resume(socket)
        conversation, messages = await self._feed.begin(socket, _session(socket), asked.after)
        return {"conversation": conversation, "messages": messages}

    async def close(self) -> None:
        """Nobody is shown any more that a turn goes on."""
        for task in self._showing:
            task.cancel()
        await asyncio.gather(*self._showing, return_exceptions=True)

    def _resume(self, socket: Socket) -> None:
        """A turn that a process left when it died is taken now that its customer is back."""
        self._turns.resume(ChatSession(socket.tenant, _session(socket)))

    def _show_typing(self, session: ChatSession, running: RunningTurn) -> None:
        task = asyncio.create_task(self._typing_while(session, running))
        self._showing.add(task)
        task.add_done_callback(self._showing.discard)

    async def _typing_while(self, session: ChatSession, running: RunningTurn) -> None:
        """The bot types until the turn is over, however it ends."""
        key = session.tenant.tenant_id, session.session_id
        rooms = [customer_room(*key), watching_agents_room(*key)]
        told = {"session_id": str(session.session_id), "who": "bot", "name": ""}
        with closing(running):
            await self._outlet.pass_on(rooms, "typing", {**told, "typing": True})
            # How a turn fails is logged where it runs, and its message waits to be taken again.
            with suppress(Exception):
                await running.taken()
            await self._outlet.pass_on(rooms, "typing", {**told, "typing": False})

    async def _status(self, session: ChatSession, accepted: Accepted) -> str:
        if accepted.now is not None:
            return accepted.now.conversation.status
        look_up = partial(self._conversations.get, session.tenant.context, session.session_id)
        return (await self._pool.run(look_up, deadline=self._deadline)).status


def _session(socket: Socket) -> UUID:
    assert socket.session_id is not None
    return socket.session_id
