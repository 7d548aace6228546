"""What the database's notifications set going in this process."""

from __future__ import annotations

import logging
from functools import partial
from typing import Never
from uuid import UUID

from apps.api.coalesced import Coalesced
from apps.api.handover.feed import Feed
from apps.api.handover.outlet import Outlet
from apps.api.handover.queue_feed import QueueFeed
from apps.api.handover.sockets import Audience
from apps.api.handover.wire import note_told
from apps.api.workers import WorkerPool
from components.core.tenant import TenantContext
from components.helpdesk.handover.notes import CHANNEL as NOTES
from components.helpdesk.handover.notes import Notes

CONVERSATIONS = "helpdesk_conversations"
APPROVALS = "helpdesk_approvals"
# Many calls at once are one reason to look.
_RESTS = 0.1
CHANNELS = (CONVERSATIONS, NOTES, APPROVALS)

logger = logging.getLogger("helpdesk.handover")


class NotesFeed:
    """Tells each new note to the agents who have joined its conversation."""

    def __init__(self, notes: Notes, audience: Audience, outlet: Outlet, pool: WorkerPool, *, deadline: float) -> None:
        self._notes, self._audience, self._outlet = notes, audience, outlet
        self._pool, self._deadline = pool, deadline
        self._new: Coalesced[tuple[UUID, UUID, UUID]] = Coalesced(self._tell, at_once=1)

    def added(self, tenant_id: UUID, conversation_id: UUID, note_id: UUID) -> None:
        if any(each.socket.agent is not None for each in self._audience.watches((tenant_id, conversation_id))):
            self._new.mark((tenant_id, conversation_id, note_id))

    async def run(self) -> Never:
        """Until it is cancelled."""
        await self._new.run()

    async def _tell(self, of_note: tuple[UUID, UUID, UUID]) -> None:
        tenant_id, conversation_id, note_id = of_note
        call = partial(self._notes.get, TenantContext(tenant_id), note_id)
        note = await self._pool.run(call, deadline=self._deadline)
        for watch in self._audience.watches((tenant_id, conversation_id)):
            if watch.socket.agent is not None:
                await self._outlet.tell(watch.socket, "note", note_told(note))


class ApprovalsFeed:
    """Tells a tenant's agents that something waits for approval, was decided, or was done since."""

    def __init__(self, audience: Audience, outlet: Outlet) -> None:
        self._audience, self._outlet = audience, outlet
        self._changed: Coalesced[UUID] = Coalesced(self._tell, at_once=1, pause=_RESTS)

    def changed(self, tenant_id: UUID) -> None:
        if self._audience.has_agents(tenant_id):
            self._changed.mark(tenant_id)

    async def run(self) -> Never:
        """Until it is cancelled."""
        await self._changed.run()

    async def _tell(self, tenant_id: UUID) -> None:
        for socket in self._audience.agents(tenant_id):
            await self._outlet.tell(socket, "approvals", {"tenant_id": str(tenant_id)})


class Changes:
    """Hears the notifications (components.database.notifications.Listener) and hands them on."""

    def __init__(
        self, feed: Feed, queue: QueueFeed, notes: NotesFeed, approvals: ApprovalsFeed, audience: Audience
    ) -> None:
        self._feed, self._queue, self._notes, self._approvals = feed, queue, notes, approvals
        self._audience = audience

    def notified(self, channel: str, payload: str) -> None:
        try:
            if channel == APPROVALS:
                self._approvals.changed(UUID(payload))
                return
            tenant_id, conversation_id, *rest = payload.split()
            key = UUID(tenant_id), UUID(conversation_id)
            if channel == NOTES:
                self._notes.added(*key, UUID(rest[0]))
                return
        except (ValueError, IndexError):
            logger.error("a notification on %s that nobody here sends: %.100r", channel, payload)
            return
        self._feed.changed(key)
        self._queue.changed(key[0])

    def may_have_missed(self) -> None:
        for tenant_id in self._audience.tenants():
            self._queue.changed(tenant_id)
            self._approvals.changed(tenant_id)
            for conversation_id in self._audience.watched(tenant_id):
                self._feed.changed((tenant_id, conversation_id))
