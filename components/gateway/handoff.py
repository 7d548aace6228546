"""A bounded buffer between a stream on one event loop and its reader in a thread or on another loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from components.core.errors import Unavailable
from components.gateway.closing import closing

T = TypeVar("T")

SIZE = 64
CLOSING = 5.0


@dataclass(frozen=True)
class End:
    """Behind the last item: what the stream ended with, None where it ended well."""

    error: BaseException | None


class Handoff(Generic[T]):
    """One producer, one reader. The producer runs ahead by at most SIZE items; the reader is woken only where it
    waits, since waking across threads is a system call.

    loop: the producer's. wake: called on the producer's loop; makes the reader look again.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        self._loop, self._wake = loop, wake
        self._items: deque[T | End] = deque()
        self._room = asyncio.Event()
        self._blocked = False
        self._waiting = False
        self._task: asyncio.Task[None] | None = None

    async def pump(self, make: Callable[[], AsyncIterator[T]]) -> None:
        """Produces until the stream ends, breaks, or the task is cancelled; the stream is closed in each case."""
        self._task = asyncio.current_task()
        error: BaseException | None = None
        try:
            async with closing(make()) as items:
                async for item in items:
                    self._append(item)
                    if len(self._items) >= SIZE:
                        await self._wait_for_room()
        except asyncio.CancelledError:
            error = Unavailable("the stream was given up: its event loop closes, or its reader left")
            raise
        except BaseException as raised:  # Not hidden: the reader gets it.
            error = raised
        finally:
            self._append(End(error))

    async def stop(self) -> None:
        """Ends production, on its loop, and waits some seconds until the stream is closed."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=CLOSING)

    def finish(self) -> None:
        """Lets the reader go where production ended before it began. Any thread; more than once does no harm."""
        self._append(End(Unavailable("the stream was given up: its event loop closes")))

    def take(self) -> T | End | None:
        """The next item, or None where there is none yet: then the reader waits to be woken, and looks again."""
        if not self._items:
            self._waiting = True
            if not self._items:
                return None
            self._waiting = False
        item = self._items.popleft()
        if self._blocked and len(self._items) <= SIZE // 2:
            self._blocked = False
            self._loop.call_soon_threadsafe(self._room.set)
        return item

    def _append(self, item: T | End) -> None:
        self._items.append(item)
        if self._waiting:
            self._waiting = False
            self._wake()

    async def _wait_for_room(self) -> None:
        self._room.clear()
        self._blocked = True
        if len(self._items) <= SIZE // 2:
            self._blocked = False
            return
        await self._room.wait()
