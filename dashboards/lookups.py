"""Blocking look-ups beside the event loop: a few at once, a bounded number waiting, each with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from components.core.errors import Unavailable

T = TypeVar("T")


class Lookups:
    """Used from one event loop only."""

    def __init__(self, *, at_once: int, waiting: int, deadline: float) -> None:
        """deadline: seconds of one, the wait for a thread included."""
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="dashboards-lookup")
        self._bound, self._deadline, self._pending = at_once + waiting, deadline, 0

    async def run(self, call: Callable[[], T]) -> T:
        """What `call` gives or raises. Raises Unavailable where too many wait, or past the deadline."""
        if self._pending >= self._bound:
            raise Unavailable(f"{self._bound} requests wait already: try again in a moment")
        self._pending += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, call)
        # Counted until the thread is free again, not until we stop waiting for it.
        future.add_done_callback(self._ended)
        try:
            return await asyncio.wait_for(asyncio.shield(future), self._deadline)
        except TimeoutError as error:
            raise Unavailable(f"no answer within {self._deadline:g} s: try again in a moment") from error

    def close(self) -> None:
        """Takes no more calls."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ended(self, future: asyncio.Future[T]) -> None:
        self._pending -= 1
        if not future.cancelled():
            future.exception()
