"""Waiting for a turn that another thread or process takes: one of a conversation's waiters looks, the rest wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock
from time import monotonic
from typing import TypeVar
from uuid import UUID

T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.2


@dataclass
class _Place:
    looking: Lock = field(default_factory=Lock)
    changed: Event = field(default_factory=Event)
    waiters: int = 0


class TurnQueue:
    """The waiters of this process, by conversation."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._places: dict[UUID, _Place] = {}

    def wait(self, conversation_id: UUID, look: Callable[[], T], until: float) -> T | None:
        """What `look` finds: it is called after each `poke`, and every 20 to 200 ms for what other processes do.
        None past `until`, by time.monotonic."""
        with self._place(conversation_id) as place:
            if not place.looking.acquire(timeout=max(until - monotonic(), 0.0)):
                return None
            try:
                return _look(place, look, until)
            finally:
                place.looking.release()

    def poke(self, conversation_id: UUID) -> None:
        """A turn of the conversation has ended in this process."""
        with self._lock:
            place = self._places.get(conversation_id)
        if place is not None:
            place.changed.set()

    @contextmanager
    def _place(self, conversation_id: UUID) -> Iterator[_Place]:
        with self._lock:
            place = self._places.setdefault(conversation_id, _Place())
            place.waiters += 1
        try:
            yield place
        finally:
            with self._lock:
                place.waiters -= 1
                if not place.waiters:
                    del self._places[conversation_id]


def _look(place: _Place, look: Callable[[], T], until: float) -> T:
    pause = FIRST_PAUSE
    while True:
        place.changed.clear()
        found = look()
        left = until - monotonic()
        if found is not None or left <= 0:
            return found
        poked = place.changed.wait(min(pause, left))
        pause = FIRST_PAUSE if poked else min(pause * 1.5, LONGEST_PAUSE)
