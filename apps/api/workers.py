"""Where blocking work runs: a fixed number of threads, a bounded queue before them, and a deadline on each call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from components.core.errors import Unavailable

T = TypeVar("T")


class WorkerPool:
    """Threads for blocking calls of one kind.

    A call that is past its deadline is answered as failed, but its thread stays counted until the
    call returns: the bound holds whatever the calls do (anyio's limiter would give it back at once).
    """

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        """threads: calls that run at once. waiting: calls that may queue behind them; more are refused."""
        self._name = name
        self._bound = threads + waiting
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=f"api-{name}")
        self._lock = threading.Lock()
        self._pending = 0

    async def run(self, call: Callable[[], T], *, deadline: float, ended: Callable[[], None] = lambda: None) -> T:
        """What `call` returns or raises, from a thread.

        deadline: seconds, the wait for a thread included. ended: called once the call holds no place any more, in
            whatever thread that is.
        Raises Unavailable where the queue is full or the deadline has passed.
        """
        future = self._submit(call, ended)
        waited = asyncio.wrap_future(future)
        try:
            done, _ = await asyncio.wait({waited}, timeout=deadline)
        finally:
            waited.cancel()
        if not done:
            raise Unavailable(f"a call in the pool {self._name!r} took longer than its {deadline:g} s")
        return waited.result()

    def close(self) -> None:
        """Takes no more calls and drops those still queued; running ones finish by themselves."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _submit(self, call: Callable[[], T], ended: Callable[[], None]) -> Future[T]:
        with self._lock:
            full = self._pending >= self._bound
            self._pending += not full
        if full:
            ended()
            raise Unavailable(f"the pool {self._name!r} is full: {self._bound} calls are running or waiting")
        try:
            future = self._executor.submit(call)
        except RuntimeError as error:
            self._release(ended)
            raise Unavailable(f"the pool {self._name!r} is closed: the server is stopping") from error
        future.add_done_callback(lambda _: self._release(ended))
        return future

    def _release(self, ended: Callable[[], None]) -> None:
        with self._lock:
            self._pending -= 1
        ended()
