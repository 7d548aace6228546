"""When to look: at once where PostgreSQL notifies, and every so often for whatever it did not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from time import monotonic
from typing import Any

import psycopg

from components.core.errors import DatabaseUnavailable
from components.database.session import Database

logger = logging.getLogger("helpdesk.outbox")

CLOSES_WITHIN = 0.25


class WakeUp:
    """One thread that listens to a channel of PostgreSQL, and sweeps. It outlives a database that was away."""

    def __init__(
        self,
        database: Database,
        channel: str,
        on_notice: Callable[[str], None],
        on_sweep: Callable[[], None],
        seconds: float,
    ) -> None:
        """on_notice: gets a notification's payload. on_sweep: called every `seconds`, and at once when it begins."""
        self._database, self._channel = database, channel
        self._on_notice, self._on_sweep, self._seconds = on_notice, on_sweep, seconds
        self._closed = Event()
        self._thread = Thread(target=self._run, name=f"wake-up-{channel}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with self._database.listen(self._channel) as connection:
                    self._hear(connection)
            except (DatabaseUnavailable, psycopg.Error) as error:
                logger.warning("%s is not heard: %s", self._channel, error)
                self._closed.wait(self._seconds)
            except Exception:
                logger.exception("fault in waking up by %s", self._channel)
                self._closed.wait(self._seconds)

    def _hear(self, connection: psycopg.Connection[Any]) -> None:
        swept = float("-inf")
        while not self._closed.is_set():
            if monotonic() - swept >= self._seconds:
                self._on_sweep()
                swept = monotonic()
            for notice in connection.notifies(timeout=min(self._seconds, CLOSES_WITHIN)):
                # What is no tenant's id is nobody's.
                with suppress(ValueError):
                    self._on_notice(notice.payload)
                if self._closed.is_set():
                    return
