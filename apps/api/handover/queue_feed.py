"""Who waits and who is served, told to a tenant's agents as it changes; and the sweep that no change escapes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Never
from uuid import UUID

from apps.api.coalesced import Coalesced
from apps.api.handover.feed import Feed
from apps.api.handover.outlet import Outlet
from apps.api.handover.sockets import Audience, Socket
from apps.api.workers import WorkerPool
from components.core.errors import NotFound
from components.core.tenant import TenantContext
from components.helpdesk.handover.watching import Held, Survey, Watching

AT_ONCE = 4
# A tenant whose bot is busy has many changes, and its agents need the queue this often at most.
RESTS = 0.1
SWEEP_SECONDS = 1.0


class QueueFeed:
    """Compares what each tenant's agents hold with what they were told: after a change, and every second whether one
    was heard of or not. Belongs to one event loop."""

    def __init__(
        self, watching: Watching, audience: Audience, outlet: Outlet, feed: Feed, pool: WorkerPool, *, deadline: float
    ) -> None:
        """deadline: seconds of one read."""
        self._watching, self._audience, self._outlet, self._feed = watching, audience, outlet, feed
        self._pool, self._deadline = pool, deadline
        self._held: dict[UUID, Mapping[UUID, Held]] = {}
        self._changed: Coalesced[UUID] = Coalesced(self._refresh, at_once=AT_ONCE, pause=RESTS)

    def changed(self, tenant_id: UUID) -> None:
        """Something in one of its conversations may be new."""
        if self._audience.has_agents(tenant_id):
            self._changed.mark(tenant_id)

    async def begin(self, tenant: TenantContext) -> None:
        """Before an agent is let in: what changes from then on is told. Raises Unavailable."""
        if tenant.tenant_id not in self._held:
            self._held[tenant.tenant_id] = (await self._survey(tenant, set())).held

    async def run(self) -> Never:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._changed.run())
            tasks.create_task(self._sweep())
        raise AssertionError("the sweep ended")

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            tenants = self._audience.tenants()
            for tenant_id in tenants:
                self._changed.mark(tenant_id)
            for gone in [each for each in self._held if not self._audience.has_agents(each)]:
                del self._held[gone]
            self._feed.forget_unwatched()
            for socket in self._audience:
                if self._outlet.is_stuck(socket):
                    await self._outlet.cut(socket)

    async def _survey(self, tenant: TenantContext, watched: set[UUID]) -> Survey:
        return await self._pool.run(partial(self._watching.survey, tenant, watched), deadline=self._deadline)

    async def _refresh(self, tenant_id: UUID) -> None:
        tenant = TenantContext(tenant_id)
        watched = self._audience.watched(tenant_id)
        survey = await self._survey(tenant, watched)
        for conversation_id in watched:
            mark = survey.marks.get(conversation_id)
            if mark is None:
                self._feed.changed((tenant_id, conversation_id))
            else:
                self._feed.compare((tenant_id, conversation_id), mark)
        for conversation_id in watched & survey.held.keys():
            self._feed.reposition((tenant_id, conversation_id), survey.held[conversation_id].position)
        if tenant_id in self._held:
            await self._tell(tenant, self._held[tenant_id], survey.held)
        if self._audience.has_agents(tenant_id):
            # Not before: what could not be told now is told the next time.
            self._held[tenant_id] = survey.held

    async def _tell(self, tenant: TenantContext, before: Mapping[UUID, Held], now: Mapping[UUID, Held]) -> None:
        """What differs, to every agent of the tenant; a new wait with its context to those whose queue it is in."""
        for conversation_id in before.keys() | now.keys():
            was, held = before.get(conversation_id), now.get(conversation_id)
            if _shown(was) == _shown(held):
                continue
            begins = held is not None and held.status == "waiting"
            again = was is not None and held is not None and was.waiting_since == held.waiting_since
            await self._tell_one(tenant, conversation_id, held, begins=begins and not again)

    async def _tell_one(self, tenant: TenantContext, conversation_id: UUID, held: Held | None, *, begins: bool) -> None:
        try:
            status, context = await self._pool.run(
                partial(self._watching.handover, tenant, conversation_id), deadline=self._deadline
            )
        except NotFound:
            return
        told = {"session_id": str(conversation_id), "status": held.status if held else status}
        asked = {"tenant_id": str(tenant.tenant_id), "session_id": str(conversation_id), "context": context}
        for socket in self._audience.agents(tenant.tenant_id):
            if begins and held is not None and _is_asked(socket, held):
                await self._outlet.tell(socket, "bot_to_agent", asked)
            await self._outlet.tell(socket, "queue", told)


def _shown(held: Held | None) -> tuple[object, ...] | None:
    """What the queue shows of it, besides its place."""
    return (held.status, held.agent_id, held.team, held.priority, held.waiting_since) if held else None


def _is_asked(socket: Socket, held: Held) -> bool:
    team = socket.agent.team if socket.agent else ""
    return not team or not held.team or team == held.team
