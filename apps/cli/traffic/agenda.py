"""A clock that is moved from event to event, and what happens when: simulated time as one process has it."""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import time_machine


@dataclass
class Bell:
    """Who waits for something to do, in the order in which they came."""

    waiting: list[Process] = field(default_factory=list)


# Somebody who acts: each time it yields how many seconds pass until it goes on, or the bell that it waits for.
Process = Generator["float | Bell", None, None]


class SimulatedClock:
    """Python's clock, while it is held: it ticks on from where it was moved to. Monotonic clocks stay as they are:
    deadlines go by them."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def move_to(self, at: datetime) -> None:
        """Never back: what has taken longer than the time to the next event makes that one late."""
        if at > self.now():
            self._traveller.move_to(at)

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)


@contextmanager
def held_clock(at: datetime) -> Iterator[SimulatedClock]:
    """From `at` on, in all of this process; not to be nested."""
    with time_machine.travel(at, tick=True) as traveller:
        yield SimulatedClock(traveller)


class Agenda:
    """All that is to happen, by simulated time; at the same moment, in the order in which it was planned. `now` is the
    moment that was planned: the clock's is later by what the work before has taken, and differs from run to run."""

    def __init__(self, clock: SimulatedClock, begin: datetime) -> None:
        self._clock, self.now = clock, begin
        self._events: list[tuple[datetime, int, Process]] = []
        self._number = count()

    def start(self, process: Process, at: datetime) -> None:
        """It acts for the first time then, or now where that is over."""
        heapq.heappush(self._events, (max(at, self.now), next(self._number), process))

    def ring(self, bell: Bell) -> None:
        """The one who has waited longest goes on."""
        if bell.waiting:
            self.start(bell.waiting.pop(0), self.now)

    def ring_all(self, bell: Bell) -> None:
        while bell.waiting:
            self.ring(bell)

    def step(self, until: datetime) -> bool:
        """The next event before `until`; whether there was one."""
        if not self._events or self._events[0][0] >= until:
            return False
        self.now, _, process = heapq.heappop(self._events)
        self._clock.move_to(self.now)
        try:
            wish = next(process)
        except StopIteration:
            return True
        if isinstance(wish, Bell):
            wish.waiting.append(process)
        else:
            self.start(process, self.now + timedelta(seconds=wish))
        return True
