"""Generations on worker threads, read as async streams: the loop stays free, a reader who leaves stops the work."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future, ThreadPoolExecutor

from components.core.chat_model import Completion
from components.core.errors import ModelOverloaded, ModelTimedOut, ModelUnavailable

Item = str | Completion | BaseException
MAX_UNDER_WAY = 128
"""Streams of one model that run or wait for their turn; the next is told to come later."""


class Generation:
    """One stream as its producer sees it, on the worker thread.

    It never waits for its reader: it holds at most the pieces of one generation, which max_tokens bounds.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, deadline: float) -> None:
        self._loop, self._items = loop, asyncio.Queue[Item]()
        self._end, self.deadline = time.monotonic() + deadline, deadline
        self._stopped = threading.Event()

    @property
    def seconds_left(self) -> float:
        return self._end - time.monotonic()

    @property
    def is_stopped(self) -> bool:
        """Whether nobody waits for more: the reader left, the deadline passed, or the model was closed."""
        return self._stopped.is_set() or self.seconds_left <= 0

    def emit(self, item: Item) -> None:
        """Hands on a piece that is not empty, the Completion, or what it failed with."""
        try:
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)
        except RuntimeError:  # the reader's loop was closed
            self.stop()

    def stop(self) -> None:
        """Tells the producer to end."""
        self._stopped.set()

    async def next(self) -> Item:
        """The next item. Raises TimeoutError at the deadline."""
        async with asyncio.timeout(self.seconds_left):
            return await self._items.get()


class WorkerStreams:
    """The streams of one model, in the order they came, at most `workers` at a time. Serves any event loop.

    name: of the model, for threads and errors.
    """

    def __init__(self, name: str, *, workers: int) -> None:
        self._name, self._lock = name, threading.Lock()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=f"chat-model-{name}")
        self._under_way: set[Generation] = set()
        self._closed = False

    def refuse_closed(self) -> None:
        """Raises ModelUnavailable where the model was closed."""
        if self._closed:
            raise ModelUnavailable(f"the model {self._name!r} was closed; build it again to use it")

    async def stream(
        self, produce: Callable[[Generation], Completion | None], deadline: float
    ) -> AsyncGenerator[str | Completion, None]:
        """What `produce` emits on a worker thread, then the Completion it returns.

        produce: looks at is_stopped between two steps, and then returns None. deadline: seconds for all, the wait
        for a worker with them. Raises what `produce` raised, ModelTimedOut, ModelOverloaded where too many wait,
        and ModelUnavailable once closed. Closing the iterator stops the generation.
        """
        generation = Generation(asyncio.get_running_loop(), deadline)
        future = self._start(generation, produce)
        try:
            while True:
                try:
                    item = await generation.next()
                except TimeoutError:
                    raise ModelTimedOut(
                        f"the model {self._name!r} was not done within the deadline of {deadline:g} s"
                    ) from None
                if isinstance(item, BaseException):
                    raise item
                yield item
                if isinstance(item, Completion):
                    return
        finally:
            generation.stop()
            if future.cancel():
                self._forget(generation)

    def _start(self, generation: Generation, produce: Callable[[Generation], Completion | None]) -> Future[None]:
        with self._lock:
            self.refuse_closed()
            if len(self._under_way) >= MAX_UNDER_WAY:
                raise ModelOverloaded(
                    f"{MAX_UNDER_WAY} generations of the model {self._name!r} are under way, as many as it allows"
                )
            self._under_way.add(generation)
            return self._pool.submit(self._work, generation, produce)

    def _work(self, generation: Generation, produce: Callable[[Generation], Completion | None]) -> None:
        try:
            completion = None if generation.is_stopped else produce(generation)
            if completion is not None:
                generation.emit(completion)
        except Exception as error:  # the reader raises it
            generation.emit(error)
        finally:
            self._forget(generation)

    def _forget(self, generation: Generation) -> None:
        with self._lock:
            self._under_way.discard(generation)

    async def close(self, free: Callable[[], None] = lambda: None, *, patience: float = 10.0) -> None:
        """Ends the streams under way with ModelUnavailable, then calls `free` where the model was used.

        patience: seconds that it waits for a step that cannot be interrupted; `free` is called all the same.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            ended, last = tuple(self._under_way), self._pool.submit(free)
            self._pool.shutdown(wait=False)
        for generation in ended:
            generation.stop()
            generation.emit(ModelUnavailable(f"the model {self._name!r} was closed while it answered"))
        await asyncio.wait([asyncio.wrap_future(last)], timeout=patience)
