"""Leaving Rasa alone for a while after it has failed too often, so that customers do not wait for it in vain.

Nygard, Release It! (2007), chapter 5. The gateway has a circuit breaker too: it is asynchronous, shared through Redis
and knows models, and stands a floor above. Here one process counts for itself, in threads.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

FAILURES = 5
WINDOW_SECONDS = 60.0
OPEN_SECONDS = 30.0


class RasaCircuit:
    """Closed; open for 30 s after the fifth failure within a minute; then one call at a time is let through as a probe,
    which closes it or opens it again. Thread-safe. clock: seconds that only go forward."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: deque[float] = deque(maxlen=FAILURES)
        self._opens_again: float | None = None
        self._probed_until = 0.0
        self._probe = 0

    @property
    def seconds_left(self) -> float:
        """How long it stays open; 0 where it is closed or half-open."""
        with self._lock:
            return max(0.0, self._opens_again - self._clock()) if self._opens_again is not None else 0.0

    def admit(self, lease: float) -> int | None:
        """Leave to make one call, to be given back to `succeeded`, `failed` or `released`; None where it may not be
        made. lease: seconds after which a probe that never came back is given up for."""
        with self._lock:
            now = self._clock()
            if self._opens_again is None:
                return 0
            if now < self._opens_again or now < self._probed_until:
                return None
            self._probed_until = now + lease
            self._probe += 1
            return self._probe

    def succeeded(self, permit: int) -> None:
        """Only the probe closes the circuit: an answer that began before it opened says nothing about now."""
        with self._lock:
            if permit and permit == self._probe:
                self._opens_again = None
                self._failures.clear()
                self._probed_until = 0.0

    def failed(self, permit: int) -> None:
        """Counts one failure, or opens the circuit again after a probe."""
        with self._lock:
            now = self._clock()
            if permit:
                if permit == self._probe:
                    self._opens_again, self._probed_until = now + OPEN_SECONDS, 0.0
                return
            self._failures.append(now)
            many = len(self._failures) == FAILURES and now - self._failures[0] <= WINDOW_SECONDS
            if many and self._opens_again is None:
                self._opens_again = now + OPEN_SECONDS

    def released(self, permit: int) -> None:
        """The call told nothing about how Rasa is: the next one may probe."""
        with self._lock:
            if permit and permit == self._probe:
                self._probed_until = 0.0
