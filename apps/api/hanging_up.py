"""Callers who leave: what was being done for them ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi import Request
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

T = TypeVar("T")

EVENT_STREAM = "text/event-stream"
# As nginx has it: the caller left before there was an answer. Nobody reads it but the log and the figures.
LEFT = 499


class EventStream(EventSourceResponse):
    """Closes what it streams also where the caller left before the first piece was sent."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


def told(event: str, value: BaseModel) -> bytes:
    """One event of a stream."""
    return format_sse_event(event=event, data_str=value.model_dump_json())


def wants_events(request: Request) -> bool:
    """Whether the caller accepts a stream of events."""
    return EVENT_STREAM in request.headers.get("accept", "")


async def unless_left(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` returns or raises; None where the caller hung up first, and then it is cancelled."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.wait((working, leaving))


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
