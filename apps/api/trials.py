"""Work of minutes that somebody waits for: told how far it is, few at once, and ended when they leave."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TypeVar

from fastapi import Request, Response
from fastapi.sse import KEEPALIVE_COMMENT
from pydantic import BaseModel

from apps.api.hanging_up import LEFT, EventStream, told, unless_left, wants_events
from apps.api.playground_types import ProgressBody
from apps.api.problems import problem_of_error
from apps.api.tenant_turns import TenantTurns
from components.core.errors import HelpdeskError
from components.core.tenant import TenantContext

Body = TypeVar("Body", bound=BaseModel)
Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]
# What is done: it tells its progress, and asks now and then whether anybody still waits for it.
Work = Callable[[Progress, Cancelled], Body]


class Trials:
    """Runs them in threads of their own, so that no customer waits for one. Belongs to one event loop."""

    def __init__(self, turns: TenantTurns, *, deadline: float, heartbeat: float) -> None:
        """deadline: seconds of one, the wait for a thread included. heartbeat: seconds between signs of life."""
        self._turns, self._deadline, self._heartbeat = turns, deadline, heartbeat

    async def respond(self, request: Request, tenant: TenantContext, work: Work[Body]) -> Response | Body:
        """What `work` makes; as events `progress`, then `done` or `error`, where the request accepts these. A failure
        before any progress is told by the status. Raises what `work` raises, and Unavailable."""
        items = self._items(tenant, work)
        if not wants_events(request):
            return await unless_left(request, _last(items)) or Response(status_code=LEFT)
        first = await unless_left(request, _next(items))
        if first is None:
            await items.aclose()
            return Response(status_code=LEFT)
        return EventStream(_events(request, first, items))

    async def _items(
        self, tenant: TenantContext, work: Work[Body]
    ) -> AsyncGenerator[Body | ProgressBody | bytes, None]:
        """Closing it, or the deadline, ends the work at its next question."""
        loop, moved, left = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
        now = ProgressBody(done=0, total=0)

        def on_progress(done: int, total: int) -> None:
            nonlocal now
            now = ProgressBody(done=done, total=total)
            if not left.is_set():
                loop.call_soon_threadsafe(moved.set)

        call = self._turns.run(tenant, lambda: work(on_progress, left.is_set), deadline=self._deadline)
        working = asyncio.ensure_future(call)
        try:
            while not working.done():
                waiting = asyncio.ensure_future(moved.wait())
                try:
                    await asyncio.wait((working, waiting), timeout=self._heartbeat, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    waiting.cancel()
                if moved.is_set():
                    moved.clear()
                    yield now
                elif not working.done():
                    yield KEEPALIVE_COMMENT
            yield working.result()
        finally:
            left.set()
            working.cancel()
            await asyncio.wait((working,))


async def _events(
    request: Request,
    first: Body | ProgressBody | bytes,
    items: AsyncGenerator[Body | ProgressBody | bytes, None],
) -> AsyncGenerator[bytes, None]:
    async with aclosing(items):
        yield _event(first)
        try:
            async for item in items:
                yield _event(item)
        except HelpdeskError as error:
            yield told("error", problem_of_error(request.scope, error))


def _event(item: BaseModel | bytes) -> bytes:
    if isinstance(item, bytes):
        return item
    return told("progress" if isinstance(item, ProgressBody) else "done", item)


async def _next(items: AsyncGenerator[Body | ProgressBody | bytes, None]) -> Body | ProgressBody | bytes:
    return await anext(items)


async def _last(items: AsyncGenerator[Body | ProgressBody | bytes, None]) -> Body:
    async with aclosing(items):
        async for item in items:
            if not isinstance(item, ProgressBody | bytes):
                return item
    raise RuntimeError("the work ended without a result")
