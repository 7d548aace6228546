"""One production of an answer, and all who listen to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Generic, TypeVar

from components.core.errors import ModelMisbehaved, ModelTimedOut, ModelUnavailable
from components.gateway.closing import closing

R = TypeVar("R")

LONGEST_TEXT = 1_000_000
CLOSING_SECONDS = 5.0


class Flight(Generic[R]):
    """A task that produces pieces of text and then a result, for any number of listeners.

    The text so far is kept, so each listener hears it from the start and at its own pace: a slow one gets several
    pieces as one and holds nobody up. The last one who leaves early stops the production.
    """

    def __init__(self, produce: Callable[[], AsyncIterator[str | R]], ended: Callable[[], None]) -> None:
        """Starts at once. produce: pieces, then exactly one result. ended: called once, when nobody may join any
        more."""
        self._ended = ended
        self._pieces: list[str] = []
        self._result: list[R] = []
        self._error: BaseException | None = None
        self._finished = False
        self._listeners = 0
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._fly(produce))
        self._task.add_done_callback(self._end)

    async def listen(self, until: float) -> AsyncIterator[str | R]:
        """The pieces, then the result. until: the loop's time past which it raises ModelTimedOut. Raises what the
        production raised; ModelUnavailable where it was stopped."""
        heard = 0
        self._listeners += 1
        try:
            while True:
                changed = self._changed
                if heard < len(self._pieces):
                    text = "".join(self._pieces[heard:])
                    heard = len(self._pieces)
                    yield text
                elif self._finished:
                    break
                else:
                    await _wait(changed, until)
            if self._error is not None:
                raise self._error.with_traceback(None)
            yield self._result[0]
        finally:
            self._listeners -= 1
            if not self._listeners:
                await self.stop()

    async def stop(self) -> None:
        """Ends the production where it still runs, and waits some seconds until what it uses is closed."""
        if not self._finished:
            self._ended()
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=CLOSING_SECONDS)

    async def _fly(self, produce: Callable[[], AsyncIterator[str | R]]) -> None:
        async with closing(produce()) as items:
            await self._take(items)

    def _end(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self._error = ModelUnavailable("the answer was given up before it was complete")
        else:
            self._error = task.exception()
        self._finished = True
        self._ended()
        self._changed.set()

    async def _take(self, items: AsyncIterator[str | R]) -> None:
        length = 0
        async for item in items:
            if not isinstance(item, str):
                self._result.append(item)
                return
            length += len(item)
            if length > LONGEST_TEXT:
                raise ModelMisbehaved(f"more than {LONGEST_TEXT} characters of text")
            self._pieces.append(item)
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()
        raise ModelMisbehaved("the stream ended without a result")


async def _wait(changed: asyncio.Event, until: float) -> None:
    try:
        async with asyncio.timeout_at(until):
            await changed.wait()
    except TimeoutError as error:
        raise ModelTimedOut("no answer before the deadline") from error
