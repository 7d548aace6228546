"""Which agents are there: kept while a page of theirs is open anywhere, and told to their colleagues."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Never
from uuid import UUID

from apps.api.handover.entrance import Entrance
from apps.api.handover.outlet import Outlet, agents_room
from apps.api.handover.sockets import Audience, Socket
from apps.api.handover.wire import presence_told
from apps.api.workers import WorkerPool
from components.core.errors import AccessDenied, HelpdeskError, NotFound
from components.core.tenant import TenantContext
from components.helpdesk.handover.agents import Agent, Agents, Presence

# Every process says in each round that its agents are there; who has not been heard of for so many rounds is gone. A
# page that is loaded anew is back sooner.
GRACE_ROUNDS = 2.5

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
        every: float,
        deadline: float,
    ) -> None:
        """every: seconds of one round."""
        self._every, self._grace = every, GRACE_ROUNDS * every
        self._agents, self._audience, self._entrance = agents, audience, entrance
        self._outlet, self._pool, self._deadline = outlet, pool, deadline
        self._gone: dict[_Person, float] = {}

    async def enter(self, socket: Socket) -> None:
        """An agent's page opens: they are there, or what they were on another page. Raises NotFound, Unavailable."""
        agent = _agent(socket)
        self._gone.pop(_person(socket), None)
        await self.choose(socket, "online" if agent.presence == "offline" else agent.presence)

    async def choose(self, socket: Socket, presence: Presence) -> None:
        """As the agent says, until they say otherwise or are gone. Raises NotFound, Unavailable."""
        tenant_id, agent_id = _person(socket)
        call = partial(self._agents.set_presence, TenantContext(tenant_id), agent_id, presence)
        await self._tell(tenant_id, await self._pool.run(call, deadline=self._deadline))

    def leave(self, socket: Socket) -> None:
        """A page was closed. Does nothing while another one is open."""
        person = _person(socket)
        if not any(_person(each) == person for each in self._audience.agents(person[0])):
            self._gone[person] = monotonic()

    async def run(self) -> Never:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(self._every)
            for person, since in list(self._gone.items()):
                if monotonic() - since >= self._grace:
                    del self._gone[person]
                    await self._guarded(person, self._see_off)
            for person in {_person(each) for each in self._audience if each.agent is not None}:
                await self._guarded(person, self._keep)
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

    async def _guarded(self, person: _Person, act: Callable[[TenantContext, UUID], Awaitable[None]]) -> None:
        try:
            await act(TenantContext(person[0]), person[1])
        except HelpdeskError as error:
            logger.warning("the presence of agent %s is not stored: %s", person[1], error)

    async def _keep(self, tenant: TenantContext, agent_id: UUID) -> None:
        await self._pool.run(partial(self._agents.keep_presence, tenant, agent_id), deadline=self._deadline)

    async def _see_off(self, tenant: TenantContext, agent_id: UUID) -> None:
        call = partial(self._agents.leave, tenant, agent_id, silent_for=self._grace)
        agent = await self._pool.run(call, deadline=self._deadline)
        if agent is not None:
            await self._tell(tenant.tenant_id, agent)

    async def _tell(self, tenant_id: UUID, agent: Agent) -> None:
        await self._outlet.pass_on([agents_room(tenant_id)], "presence", presence_told(agent))


def _agent(socket: Socket) -> Agent:
    assert socket.agent is not None
    return socket.agent


def _person(socket: Socket) -> _Person:
    return socket.tenant.tenant_id, _agent(socket).agent_id
