"""Which agents are there: kept while a page of theirs is open anywhere, and told to their colleagues."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from functools import partial
from time import monotonic
from typing import Never
from uuid import UUID

from apps.api.handover_entrance import Entrance
from apps.api.handover_outlet import Outlet, agents_room
from apps.api.handover_sockets import Audience, Socket
from apps.api.handover_wire import presence_told
from apps.api.workers import WorkerPool
from components.core.errors import AccessDenied, HelpdeskError, NotFound
from components.core.tenant import TenantContext
from components.helpdesk.handover.agents import Agent, Agents, Presence

# Every process says so often that its agents are there; who has not been heard of for GRACE_SECONDS is gone. A page
# that is loaded anew is back sooner.
ROUND_SECONDS = 10.0
GRACE_SECONDS = 25.0

logger = logging.getLogger("helpdesk.handover")

_Person = tuple[UUID, UUID]


class PresenceKeeper:
    """Stores and tells the presence of the agents with a socket here, and looks at every socket again and again."""

    def __init__(
        self,
        agents: Agents,
        audience: Audience,
        entrance: Entrance,
        outlet: Outlet,
        pool: WorkerPool,
        *,
        deadline: float,
    ) -> None:
        self._agents, self._audience, self._entrance = agents, audience, entrance
        self._outlet, self._pool, self._deadline = outlet, pool, deadline
        self._chosen: dict[_Person, Presence] = {}
        self._gone: dict[_Person, float] = {}

    async def enter(self, socket: Socket) -> None:
        """An agent's page opens: they are there, and away where they had said so. Raises NotFound, Unavailable."""
        agent, person = _agent(socket), _person(socket)
        self._gone.pop(person, None)
        if person not in self._chosen:
            self._chosen[person] = "away" if agent.presence == "away" else "online"
        await self._store_and_tell(person)

    async def choose(self, socket: Socket, presence: Presence) -> None:
        """As the agent says, until they say otherwise or are gone. Raises NotFound."""
        self._chosen[_person(socket)] = presence
        await self._store_and_tell(_person(socket))

    def leave(self, socket: Socket) -> None:
        """A page was closed. Does nothing while another one is open."""
        person = _person(socket)
        if not any(_person(each) == person for each in self._audience.agents(person[0])):
            self._gone[person] = monotonic()

    async def run(self) -> Never:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            for person, since in list(self._gone.items()):
                if monotonic() - since >= GRACE_SECONDS:
                    self._gone.pop(person, None)
                    self._chosen.pop(person, None)
                    await self._guarded(person, self._see_off(person))
            for person in {_person(each) for each in self._audience if each.agent is not None}:
                await self._guarded(person, self._store(person))
            await self._look_round()

    async def _look_round(self) -> None:
        """Sockets that must not stay, or have gone without a word, or have never said who they are."""
        await self._outlet.cut_strangers()
        for socket in self._audience:
            try:
                if self._outlet.is_gone(socket):
                    await self._outlet.dismiss(socket)
                else:
                    await self._entrance.check(socket)
            except (AccessDenied, NotFound):
                await self._outlet.cut(socket)
            except HelpdeskError as error:
                logger.warning("a socket could not be looked at: %s", error)

    async def _guarded(self, person: _Person, work: Awaitable[object]) -> None:
        try:
            await work
        except HelpdeskError as error:
            logger.warning("presence of agent %s is not stored: %s", person[1], error)

    async def _store_and_tell(self, person: _Person) -> None:
        await self._tell(person, await self._store(person))

    async def _store(self, person: _Person) -> Agent:
        presence = self._chosen.get(person, "online")
        call = partial(self._agents.set_presence, TenantContext(person[0]), person[1], presence)
        return await self._pool.run(call, deadline=self._deadline)

    async def _see_off(self, person: _Person) -> None:
        call = partial(self._agents.leave, TenantContext(person[0]), person[1], silent_for=GRACE_SECONDS)
        agent = await self._pool.run(call, deadline=self._deadline)
        if agent is not None:
            await self._tell(person, agent)

    async def _tell(self, person: _Person, agent: Agent) -> None:
        await self._outlet.pass_on([agents_room(person[0])], "presence", presence_told(agent))


def _agent(socket: Socket) -> Agent:
    assert socket.agent is not None
    return socket.agent


def _person(socket: Socket) -> _Person:
    return socket.tenant.tenant_id, _agent(socket).agent_id
