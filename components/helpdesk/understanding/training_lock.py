"""One training of a project at a time, across threads and processes; who waits is told so at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from components.core.errors import Conflict
from components.helpdesk.understanding.training import TrainingStep

WAITING = "another training goes on: waiting for it"
_ASKED_EVERY = 1.0


@contextmanager
def training_alone(models: Path, name: str, wait: float, on_step: Callable[[TrainingStep], None]) -> Iterator[None]:
    """models: of the project called `name`. wait: seconds for the other one to end; on_step is told each second of it.
    Raises Conflict after that."""
    lock = FileLock(models / "training.lock")
    began, share = time.monotonic(), 0.0
    while True:
        try:
            lock.acquire(timeout=share)
            break
        except Timeout as error:
            waited = time.monotonic() - began
            if waited >= wait:
                raise Conflict(f"another training of {name} has been running for over {wait:g} s: try again") from error
            on_step(TrainingStep(WAITING, int(waited), int(wait)))
            share = min(_ASKED_EVERY, wait - waited)
    try:
        yield
    finally:
        lock.release()
