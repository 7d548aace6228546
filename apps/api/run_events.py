"""A run as server-sent events: each step as it begins and ends, then the run; gone on with after a break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from time import monotonic

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from apps.api.run_types import run_body, run_step
from components.agents.run import WorkRun, WorkStep
from components.core.errors import Unavailable

HEARTBEAT = KEEPALIVE_COMMENT
_ENDED = ("done", "failed")

Look = Callable[[], Awaitable[tuple[WorkRun, tuple[WorkStep, ...]]]]


class RunTold:
    """What of a run was told already. Ids are 2n - 1 where the n-th step begins, 2n where it ends, and one more than
    the last step's where the run ends: the steps of a run come one after another."""

    def __init__(self, after: int = 0) -> None:
        """after: the last id that the reader has."""
        self._after = after
        self._status = ""

    def news(self, run: WorkRun, steps: Sequence[WorkStep]) -> Iterator[bytes]:
        """What is new. Each change of the run's status is told; only its end has an id."""
        for step in steps:
            told = run_step(step).model_dump_json()
            for due, number in ((True, 2 * step.number - 1), (step.status in _ENDED, 2 * step.number)):
                if due and number > self._after:
                    yield format_sse_event(event="step", id=str(number), data_str=told)
                    self._after = number
        if run.status != self._status:
            self._status = run.status
            body = run_body(run).model_dump_json()
            last = str(2 * len(steps) + 1) if run.ended else None
            yield format_sse_event(event="run", id=last, data_str=body)


async def run_events(
    look: Look, *, after: int, every: float, heartbeat: float, seconds: float
) -> AsyncGenerator[bytes, None]:
    """Until the run has ended, or for so many seconds; a reader comes back with the last id that it has. look: gives
    the run as it stands; every: seconds between two looks."""
    told, until, spoke = RunTold(after), monotonic() + seconds, monotonic()
    while True:
        try:
            run, steps = await look()
        except Unavailable:
            # The status line has gone: what was missed is told when the database answers again.
            news, ended = b"", False
        else:
            news, ended = b"".join(told.news(run, steps)), run.ended
        if news or monotonic() - spoke >= heartbeat:
            spoke = monotonic()
            yield news or HEARTBEAT
        if ended or monotonic() >= until:
            return
        await asyncio.sleep(every)
