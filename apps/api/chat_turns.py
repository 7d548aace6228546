"""Turns as they run behind HTTP: in threads of their own, bounded, and to their end whoever hangs up."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from apps.api.chat_events import EventBuffer
from apps.api.measurements import Measurements
from apps.api.session_access import ChatSession
from apps.api.workers import WorkerPool
from components.core.errors import HelpdeskError, RateLimited, Unavailable
from components.core.tenant import Tenant
from components.dialogue.turns import TakenTurn, Turns
from components.helpdesk.conversations.conversation import Conversation
from components.helpdesk.conversations.turn_records import Accepted

logger = logging.getLogger("helpdesk.chat")

# The turn keeps its deadline itself; this is for one that does not.
_GRACE = 2.0
_SOON = 1.0
_RESUMING_AT_START = 600.0

_Key = tuple[UUID, UUID]


class RunningTurn:
    """A turn under way: its events for one reader, and how it ends. Close it when nobody reads any more."""

    def __init__(
        self,
        task: asyncio.Task[TakenTurn],
        accepted: asyncio.Future[Accepted],
        events: EventBuffer,
        release: Callable[[], None],
    ) -> None:
        self.events = events
        self._task = task
        self._accepted = accepted
        self._release = release
        self._open = True

    async def accepted(self) -> Accepted:
        """As soon as the message is stored. Raises as `taken` does where it cannot be."""
        either: set[asyncio.Future[Any]] = {self._task, self._accepted}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not self._accepted.done():
            await self.taken()
        return await self._accepted

    async def taken(self) -> TakenTurn:
        """Raises what Turns.take raises, and Unavailable where there was no thread for it in time."""
        return await asyncio.shield(self._task)

    def close(self) -> None:
        """The turn itself goes on."""
        if self._open:
            self._open = False
            # The reader and the turn: whichever ends last gives the session's place back.
            self._task.add_done_callback(lambda _: self._release())


class ChatTurns:
    """Runs what customers ask for. Its methods belong to one event loop."""

    def __init__(
        self, turns: Turns, pool: WorkerPool, measurements: Measurements, *, deadline: float, at_once: int
    ) -> None:
        """pool: its threads are held for as long as turns take. deadline: seconds of one turn. at_once: turns and
        their readers of one session."""
        self._turns = turns
        self._pool = pool
        self._measurements = measurements
        self._deadline = deadline
        self._at_once = at_once
        self._places: Counter[_Key] = Counter()
        self._resuming: set[_Key] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self, tenant: Tenant, customer: Mapping[str, str]) -> Conversation:
        """A new conversation, its opening stored."""
        call = partial(self._turns.open, tenant, channel="web", customer=customer)
        return await self._pool.run(call, deadline=self._deadline)

    def begin(
        self, session: ChatSession, client_message_id: str, text: str, attachments: Sequence[UUID] = ()
    ) -> RunningTurn:
        """The turn of one message, which goes on whether or not somebody waits for it. Raises RateLimited where the
        session has too many under way."""
        key = (session.tenant.tenant_id, session.session_id)
        if self._places[key] >= self._at_once:
            raise RateLimited(
                f"{self._at_once} messages of this session are being answered: wait for one of them",
                retry_after=_SOON,
            )
        self._places[key] += 1
        events, until = EventBuffer(), monotonic() + self._deadline
        loop = asyncio.get_running_loop()
        accepted: asyncio.Future[Accepted] = loop.create_future()

        def accept(message: Accepted) -> None:
            # A turn may outlive the loop of a server that stops.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(accepted.set_result, message)

        def take() -> TakenTurn:
            return self._turns.take(
                session.tenant,
                session.session_id,
                client_message_id=client_message_id,
                text=text,
                attachments=attachments,
                on_accepted=accept,
                on_event=events.hear,
                deadline=max(until - monotonic(), 0.001),
            )

        task = self._started(self._measured(session.tenant, take), events.end)
        return RunningTurn(task, accepted, events, partial(self._give_back, key))

    def resume(self, session: ChatSession) -> None:
        """Has a turn taken that a process left when it died; at once, in the background."""
        key = (session.tenant.tenant_id, session.session_id)
        if key in self._resuming:
            return
        self._resuming.add(key)
        call = partial(self._turns.resume, session.tenant, session.session_id)
        self._started(self._pool.run(call, deadline=self._deadline + _GRACE), partial(self._resuming.discard, key))

    def resume_all(self, tenants: Callable[[], list[Tenant]]) -> None:
        """Has every turn of these tenants taken that was left; in the background. tenants: called there."""
        self._started(
            self._pool.run(lambda: self._turns.resume_all(tenants()), deadline=_RESUMING_AT_START), lambda: None
        )

    async def close(self, seconds: float) -> None:
        """Waits so long for what runs. What does not end is stored as a message that waits, and taken later."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    async def _measured(self, tenant: Tenant, take: Callable[[], TakenTurn]) -> TakenTurn:
        started = monotonic()
        try:
            taken = await self._pool.run(take, deadline=self._deadline + _GRACE)
        except Exception as error:
            code = error.code if isinstance(error, HelpdeskError) else HelpdeskError.code
            self._measurements.count_failed_turn(tenant.context, code)
            raise
        self._measurements.count_turn(tenant.context, taken, monotonic() - started)
        return taken

    def _started(self, work: Coroutine[Any, Any, Any], after: Callable[[], None]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)

        def finish(_: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            after()
            # Nobody may be there any more to hear of it.
            error = None if task.cancelled() else task.exception()
            if isinstance(error, Unavailable):
                logger.warning("a turn did not end: %s", error)
            elif error is not None and not isinstance(error, HelpdeskError):
                logger.error("fault in a turn", exc_info=error)

        task.add_done_callback(finish)
        return task

    def _give_back(self, key: _Key) -> None:
        self._places[key] -= 1
        if not self._places[key]:
            del self._places[key]
