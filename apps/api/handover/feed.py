"""What happens in conversations, told to the sockets that watch them: each message once and in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Never
from uuid import UUID

from apps.api.coalesced import Coalesced
from apps.api.handover.outlet import Outlet
from apps.api.handover.sockets import Audience, Key, Socket, Watch
from apps.api.handover.wire import Wire, event_of
from apps.api.workers import WorkerPool
from components.core.errors import NotFound, Unavailable
from components.core.tenant import TenantContext
from components.helpdesk.handover.watching import Mark, Standing, Watching

AT_ONCE = 4


class Feed:
    """Brings watches up to date with what is stored. Belongs to one event loop.

    A watch begins behind a message that its socket has, and whatever is stored after that reaches the socket from
    here and from nowhere else; so nothing is missed between the two, and nothing is told twice.
    """

    def __init__(
        self,
        watching: Watching,
        audience: Audience,
        outlet: Outlet,
        wire: Wire,
        pool: WorkerPool,
        *,
        deadline: float,
    ) -> None:
        """deadline: seconds of one read."""
        self._watching, self._audience, self._outlet, self._wire = watching, audience, outlet, wire
        self._pool, self._deadline = pool, deadline
        self._marks: dict[Key, Mark] = {}
        self._changed: Coalesced[Key] = Coalesced(self._bring_up_to_date, at_once=AT_ONCE)

    def changed(self, key: Key) -> None:
        """Something of this conversation may be new."""
        if self._audience.is_watched(key):
            self._changed.mark(key)
        else:
            self._marks.pop(key, None)

    def compare(self, key: Key, mark: Mark) -> None:
        """The conversation stands so by now: for what no notification has told."""
        if self._marks.get(key) != mark or any(each.behind for each in self._audience.watches(key)):
            self.changed(key)

    async def begin(
        self, socket: Socket, conversation_id: UUID, after: int
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The conversation, and its messages after that one, as an acknowledgement carries them; from there on the
        socket is told what comes.

        Nothing is awaited once the watch is there: the acknowledgement goes out before anything that follows it.
        Raises NotFound, Unavailable.
        """
        before = socket.watches.get(conversation_id)
        self._audience.unwatch(socket, conversation_id)
        try:
            standing = await self._read(socket.tenant.context, conversation_id, after)
        except Unavailable:
            if before is not None and conversation_id not in socket.watches:
                self._audience.watch(replace(before, open=True))
                self.changed(before.key)
            raise
        told = self._wire.conversation(socket, standing)
        messages = self._wire.messages(socket, str(conversation_id), standing.messages)
        last = standing.messages[-1].sequence if standing.messages else standing.conversation.last_sequence
        watch = Watch(socket, conversation_id, last, told)
        self._audience.watch(watch)
        # What was stored since the read.
        self.changed(watch.key)
        return told, messages

    def watch(self, socket: Socket, conversation_id: UUID, cursor: int) -> None:
        """The same for a socket that comes: all that it is told comes by events, the messages after `cursor` and then
        where the conversation stands."""
        watch = Watch(socket, conversation_id, cursor)
        self._audience.watch(watch)
        self.changed(watch.key)

    def end(self, socket: Socket, conversation_id: UUID) -> None:
        """The socket is told no more of it."""
        self._audience.unwatch(socket, conversation_id)

    def reposition(self, key: Key, position: int | None) -> None:
        """A waiting conversation has another place in its queue. It is read anew: it may wait no more by now."""
        told = [watch.told for watch in self._audience.watches(key) if watch.told]
        if any(each["status"] == "waiting" and each["position"] != position for each in told):
            self.changed(key)

    def forget_unwatched(self) -> None:
        """What is kept of conversations that nobody watches any more."""
        for key in [each for each in self._marks if not self._audience.is_watched(each)]:
            del self._marks[key]

    async def run(self) -> Never:
        """Until it is cancelled."""
        await self._changed.run()

    async def _read(self, tenant: TenantContext, conversation_id: UUID, after: int) -> Standing:
        call: Callable[[], Standing] = partial(self._watching.read, tenant, conversation_id, after=after)
        return await self._pool.run(call, deadline=self._deadline)

    async def _bring_up_to_date(self, key: Key) -> None:
        ready = [each for each in self._audience.watches(key) if not self._waits(each)]
        if not ready:
            return
        try:
            standing = await self._read(TenantContext(key[0]), key[1], min(each.cursor for each in ready))
        except NotFound:
            await self._forget(key)
            return
        for watch in ready:
            await self._tell(watch, standing)
        if standing.messages and standing.messages[-1].sequence < standing.conversation.last_sequence:
            self.changed(key)
        else:
            self._marks[key] = standing.mark

    def _waits(self, watch: Watch) -> bool:
        watch.behind = self._outlet.is_full(watch.socket)
        return watch.behind

    async def _tell(self, watch: Watch, standing: Standing) -> None:
        new = tuple(each for each in standing.messages if each.sequence > watch.cursor)
        shown = self._wire.messages(watch.socket, str(watch.conversation_id), new)
        for message, data in zip(new, shown, strict=True):
            if not watch.open or self._waits(watch):
                return
            watch.cursor = message.sequence
            await self._outlet.tell(watch.socket, event_of(message), data)
        if watch.open and watch.cursor == standing.conversation.last_sequence:
            await self._tell_state(watch, self._wire.conversation(watch.socket, standing))

    async def _tell_state(self, watch: Watch, told: dict[str, Any]) -> None:
        if told != watch.told and not self._waits(watch):
            watch.told = told
            await self._outlet.tell(watch.socket, "conversation", told)

    async def _forget(self, key: Key) -> None:
        """The conversation is gone, with its tenant or without."""
        self._marks.pop(key, None)
        for watch in self._audience.watches(key):
            self._audience.unwatch(watch.socket, watch.conversation_id)
            if watch.socket.agent is None:
                await self._outlet.cut(watch.socket)
