"""Work that many causes ask for and that need be done once: by key, one at a time, a few keys at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, Never, TypeVar

from components.core.errors import HelpdeskError

K = TypeVar("K", bound=Hashable)

logger = logging.getLogger("helpdesk.api")


class Coalesced(Generic[K]):
    """Keys that are to be worked on. One that is marked while it is worked on has its turn again; marked twice before,
    it has one. What fails is left to whoever marks it next; the first failure of a row is logged. Belongs to one event
    loop."""

    def __init__(self, work: Callable[[K], Awaitable[None]], *, at_once: int, pause: float = 0.0) -> None:
        """pause: seconds that a key rests after its turn."""
        self._work, self._at_once, self._pause = work, at_once, pause
        self._marked: dict[K, None] = {}
        self._running: set[K] = set()
        self._wake = asyncio.Event()
        self._failed = False

    def mark(self, key: K) -> None:
        """It is worked on soon, after those marked before."""
        self._marked[key] = None
        self._wake.set()

    async def run(self) -> Never:
        """Until it is cancelled."""
        async with asyncio.TaskGroup() as workers:
            for _ in range(self._at_once):
                workers.create_task(self._serve())
        raise AssertionError("a worker ended")

    async def _serve(self) -> None:
        while True:
            key = next((each for each in self._marked if each not in self._running), None)
            if key is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            del self._marked[key]
            self._running.add(key)
            try:
                await self._work(key)
                self._failed = False
                await asyncio.sleep(self._pause)
            except HelpdeskError as error:
                if not self._failed:
                    logger.warning("%s: %s", error.code, error.message)
                self._failed = True
            except Exception:
                # The edge of a background task: it must outlive a fault with one key.
                logger.exception("fault in a background task")
            finally:
                self._running.discard(key)
                self._wake.set()
