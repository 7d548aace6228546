"""How a run stops in the middle of AutoGen, which would make an error a model's next message, or wait for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Halting:
    """What is done through it either gives its value or stops everything. Belongs to one event loop."""

    def __init__(self) -> None:
        self._error: BaseException | None = None
        self._stopped = asyncio.Event()

    async def held(self, act: Callable[[], T]) -> T:
        """What `act` gives. Where it raises, and after that for anything that is asked, this never returns: AutoGen is
        cancelled, and hears nothing of it."""
        if self._error is None:
            try:
                return act()
            except BaseException as error:
                self._error = error
                self._stopped.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets that event")

    async def finished(self, work: Coroutine[Any, Any, T]) -> T | BaseException:
        """What the work gives, or what stopped it."""
        running, stopping = asyncio.create_task(work), asyncio.create_task(self._stopped.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (running, stopping):
            task.cancel()
        await asyncio.wait({running, stopping})
        if self._error is not None:
            return self._error
        return running.exception() or running.result()
