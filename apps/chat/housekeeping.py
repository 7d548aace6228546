"""Keeps Gradio's queue within bounds: as it comes it wakes 1,000 times a second and forgets nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio import Blocks

LOOKS_FOR_EVENTS_EVERY = 0.02
LOOKS_FOR_PROGRESS_EVERY = 1.0
TIDIES_EVERY = 60.0
_OVER = ("success", "failed", "cancelled")


def calm_queue(page: Blocks) -> None:
    """Lets an idle queue sleep, and keeps it from computing statistics over all events after each event."""
    queue = page._queue
    queue.sleep_when_free = LOOKS_FOR_EVENTS_EVERY
    queue.progress_update_sleep_when_free = LOOKS_FOR_PROGRESS_EVERY
    queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize


def has_session(page: Blocks, session: str) -> bool:
    """Whether somebody may listen to it: Gradio breaks off a stream for one that it does not know."""
    return session in page._queue.pending_messages_per_session


@contextlib.asynccontextmanager
async def tidied(page: Blocks, *, every: float = TIDIES_EVERY) -> AsyncIterator[None]:
    """While it is open, finished events and tasks are dropped, each `every` seconds."""
    task = asyncio.create_task(_tidy_for_ever(page, every))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _tidy_for_ever(page: Blocks, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        tidy(page)


def tidy(page: Blocks) -> None:
    """Drops what Gradio 6.17 keeps of every event that is over: its task, its request, its figures."""
    queue = page._queue
    queue._asyncio_tasks[:] = [task for task in queue._asyncio_tasks if not task.done()]
    for event_id, figures in list(queue.event_analytics.items()):
        if figures["status"] in _OVER or event_id not in queue.event_ids_to_events:
            del queue.event_analytics[event_id]
            queue.event_ids_to_events.pop(event_id, None)
            if queue.server_app is not None:
                queue.server_app.iterators_to_reset.discard(event_id)
