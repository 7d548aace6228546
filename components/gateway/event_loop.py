"""One background event loop a process, on which all that is asynchronous in the gateway lives.

Questions are answered in threads, the HTTP face has a loop of its own, and clients of model servers and of Redis
belong to the loop they were first used on: so there is one loop for them, and three ways onto it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

from components.core.errors import Unavailable
from components.gateway.handoff import CLOSING, End, Handoff

T = TypeVar("T")


class EventLoopThread:
    """A running event loop in a daemon thread. Thread-safe.

    >>> loop = EventLoopThread()
    >>> loop.run(gateway.budget(tenant, policy), timeout=5)
    >>> for item in loop.iterate(lambda: gateway.stream(tenant, policy, request, use=use)): ...
    """

    def __init__(self, name: str = "gateway") -> None:
        self._loop = asyncio.new_event_loop()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """The coroutine's result, waited for at most `timeout` seconds; past them it is cancelled.

        Raises what the coroutine raises, Unavailable past the time-out or after close.
        """
        future = self._submit(coroutine)
        try:
            return future.result(timeout)
        except FutureTimeout as error:
            if future.done():
                raise
            future.cancel()
            raise Unavailable(f"no result within {timeout:g} s") from error
        except BaseException:
            future.cancel()
            raise

    def iterate(self, make: Callable[[], AsyncIterator[T]]) -> Iterator[T]:
        """The items of the stream that `make` starts on the loop. Closing the iterator closes the stream first.

        Raises what the stream raises, Unavailable where the loop closes meanwhile.
        """
        ready = threading.Event()
        handoff: Handoff[T] = Handoff(self._loop, ready.set)
        self._pump(handoff, make)
        try:
            while True:
                ready.clear()
                item = handoff.take()
                if item is None:
                    ready.wait()
                elif isinstance(item, End):
                    if item.error is not None:
                        raise item.error
                    return
                else:
                    yield item
        finally:
            self._stop(handoff)

    async def aiterate(self, make: Callable[[], AsyncIterator[T]]) -> AsyncIterator[T]:
        """`iterate` for a caller on another event loop; it blocks neither."""
        reader = asyncio.get_running_loop()
        ready = asyncio.Event()
        handoff: Handoff[T] = Handoff(self._loop, lambda: _call(reader, ready.set))
        self._pump(handoff, make)
        try:
            while True:
                ready.clear()
                item = handoff.take()
                if item is None:
                    await ready.wait()
                elif isinstance(item, End):
                    if item.error is not None:
                        raise item.error
                    return
                else:
                    yield item
        finally:
            if not self._closed:
                stopping = asyncio.run_coroutine_threadsafe(handoff.stop(), self._loop)
                await asyncio.wait([asyncio.wrap_future(stopping)], timeout=CLOSING)

    def close(self) -> None:
        """Cancels what runs, waits some seconds for it to end, and stops the loop. Calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result(CLOSING + 1)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSING)

    def _submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        if self._closed or threading.current_thread() is self._thread:
            coroutine.close()
            raise Unavailable("the gateway's event loop is closed, or would wait for itself")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def _pump(self, handoff: Handoff[T], make: Callable[[], AsyncIterator[T]]) -> None:
        self._submit(handoff.pump(make)).add_done_callback(lambda _: handoff.finish())

    def _stop(self, handoff: Handoff[T]) -> None:
        """Waits until upstream is closed, so that a reader who left costs nothing more."""
        if not self._closed:
            asyncio.run_coroutine_threadsafe(handoff.stop(), self._loop).result(CLOSING + 1)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    if others:
        await asyncio.wait(others, timeout=CLOSING)


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    # The reader's loop may have ended before the stream did.
    if not loop.is_closed():
        loop.call_soon_threadsafe(callback)
