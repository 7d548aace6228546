"""What an agent may do by socket, in the conversations of their tenant and of no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from apps.api.handover.answers import Answer, Handler
from apps.api.handover.entrance import take
from apps.api.handover.feed import Feed
from apps.api.handover.outlet import Outlet, agents_room, customer_room, watching_agents_room
from apps.api.handover.presence import PresenceKeeper
from apps.api.handover.requests import (
    AgentMessage,
    AgentRead,
    AgentTyping,
    Join,
    NewNote,
    OfConversation,
    PresenceChosen,
    Transfer,
    Wish,
)
from apps.api.handover.sockets import Socket
from apps.api.handover.wire import Wire, note_told
from apps.api.workers import WorkerPool
from components.core.errors import NotFound
from components.helpdesk.handover.agents import Agent
from components.helpdesk.handover.desk import Desk
from components.helpdesk.handover.notes import Notes
from components.helpdesk.handover.watching import Standing, Watching


class AgentEvents:
    """Each method answers one event of an agent's socket, and raises as what it calls does."""

    def __init__(
        self,
        desk: Desk,
        notes: Notes,
        watching: Watching,
        presence: PresenceKeeper,
        feed: Feed,
        wire: Wire,
        outlet: Outlet,
        pool: WorkerPool,
        *,
        deadline: float,
    ) -> None:
        self._desk, self._notes, self._watching, self._presence = desk, notes, watching, presence
        self._feed, self._wire, self._outlet = feed, wire, outlet
        self._pool, self._deadline = pool, deadline

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """By the event's name."""
        return {
            "join": Handler(Join, self.join),
            "leave": Handler(OfConversation, self.leave),
            "claim": Handler(Wish, partial(self._wish, self._desk.claim)),
            "release": Handler(Wish, partial(self._wish, self._desk.release)),
            "give_back": Handler(Wish, partial(self._wish, self._desk.give_back)),
            "resolve": Handler(Wish, partial(self._wish, self._desk.resolve)),
            "transfer": Handler(Transfer, self.transfer),
            "agent_to_user": Handler(AgentMessage, self.say),
            "note": Handler(NewNote, self.note),
            "typing": Handler(AgentTyping, self.typing),
            "read": Handler(AgentRead, self.read),
            "presence": Handler(PresenceChosen, self.choose_presence),
        }

    async def begin(self, socket: Socket) -> None:
        """The socket is connected: its agent hears of the tenant's queue and colleagues."""
        await self._outlet.enter(socket, agents_room(socket.tenant.tenant_id))

    async def join(self, socket: Socket, asked: Join) -> Answer:
        await self._outlet.enter(socket, watching_agents_room(socket.tenant.tenant_id, asked.session_id))
        conversation, messages = await self._feed.begin(socket, asked.session_id, asked.after)
        return {"conversation": conversation, "messages": messages}

    async def leave(self, socket: Socket, asked: OfConversation) -> Answer:
        self._feed.end(socket, asked.session_id)
        await self._outlet.leave(socket, watching_agents_room(socket.tenant.tenant_id, asked.session_id))
        return {}

    async def transfer(self, socket: Socket, asked: Transfer) -> Answer:
        act = partial(self._desk.transfer, to_agent=asked.to_agent, to_team=asked.to_team, reason=asked.reason)
        return await self._wish(act, socket, asked)

    async def say(self, socket: Socket, asked: AgentMessage) -> Answer:
        take(socket.messages, "messages")
        call = partial(
            self._desk.say,
            socket.tenant.context,
            _agent(socket),
            asked.session_id,
            client_message_id=asked.client_message_id,
            text=asked.text,
            attachments=asked.attachments,
        )
        async with socket.order:
            message, repeated = await self._pool.run(call, deadline=self._deadline)
        return {"sequence": message.sequence, "repeated": repeated}

    async def note(self, socket: Socket, asked: NewNote) -> Answer:
        take(socket.messages, "messages")
        call = partial(
            self._notes.add,
            socket.tenant.context,
            _agent(socket),
            asked.session_id,
            client_note_id=asked.client_note_id,
            text=asked.text,
        )
        async with socket.order:
            note, repeated = await self._pool.run(call, deadline=self._deadline)
        return {"note": note_told(note), "repeated": repeated}

    async def typing(self, socket: Socket, asked: AgentTyping) -> Answer:
        """The customer sees it of the agent who owns the conversation."""
        take(socket.fleeting, "signs of typing")
        agent, watch = _agent(socket), socket.watches.get(asked.session_id)
        if watch is None or watch.told is None:
            raise NotFound(f"no conversation {asked.session_id} is joined: join it first", field="session_id")
        rooms = [watching_agents_room(*watch.key)]
        if watch.told["status"] == "agent" and watch.told["agent_id"] == str(agent.agent_id):
            rooms.append(customer_room(*watch.key))
        told = {"session_id": str(asked.session_id), "who": "agent", "name": agent.name, "typing": asked.typing}
        await self._outlet.pass_on(rooms, "typing", told, but=socket.sid)
        return {}

    async def read(self, socket: Socket, asked: AgentRead) -> Answer:
        call = partial(self._desk.read, socket.tenant.context, asked.session_id, "agent", asked.sequence)
        await self._pool.run(call, deadline=self._deadline)
        return {}

    async def choose_presence(self, socket: Socket, asked: PresenceChosen) -> Answer:
        take(socket.fleeting, "signs of presence")
        await self._presence.choose(socket, asked.presence)
        return {}

    async def _wish(self, act: Callable[..., Any], socket: Socket, asked: Wish) -> Answer:
        tenant, agent, session_id = socket.tenant.context, _agent(socket), asked.session_id

        def carry_out() -> Standing:
            act(tenant, agent, session_id, request_id=asked.request_id)
            return self._watching.read(tenant, session_id, after=None)

        async with socket.order:
            standing = await self._pool.run(carry_out, deadline=self._deadline)
        return {"conversation": self._wire.conversation(socket, standing)}


def _agent(socket: Socket) -> Agent:
    assert socket.agent is not None
    return socket.agent
