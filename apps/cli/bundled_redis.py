"""The Redis of `helpdesk up`, which may fail without taking anything along: answers are then not cached."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from apps.cli.console import err, warn
from apps.cli.processes import RESTART_WINDOW, RESTARTS
from components.core.errors import SharedStateUnavailable

if TYPE_CHECKING:
    from components.core.settings import Settings

WITHOUT = "everything works without it, but nothing is cached"


class BundledRedis:
    """Starts, watches, restarts and stops it; nothing where HELPDESK_REDIS_URL names another. Used from the main
    thread only (the server dies with that thread)."""

    def __init__(self, settings: Settings) -> None:
        """Raises InvalidSetting for a HELPDESK_REDIS_URL that is none."""
        from components.shared_state.connection import check_address
        from components.shared_state.embedded_redis import EmbeddedRedis

        self._url = settings.redis_url.get_secret_value() if settings.redis_url is not None else None
        if self._url is not None:
            check_address(self._url)
        self._home = settings.data_dir / "redis"
        self._server = EmbeddedRedis(self._home) if self._url is None else None
        self._restarts: list[float] = []

    def start(self) -> None:
        """Where that fails, says so and goes on without."""
        if self._server is None:
            return
        try:
            self._server.start()
        except SharedStateUnavailable as error:
            self._give_up(error.message)

    def revive(self) -> None:
        """Restarts it where it has ended; past five times in a minute it stays away."""
        if self._server is None or self._server.is_running:
            return
        now = time.monotonic()
        self._restarts = [moment for moment in self._restarts if now - moment < RESTART_WINDOW] + [now]
        if len(self._restarts) > RESTARTS:
            self._give_up(f"Redis ended {RESTARTS} times within a minute")
            return
        self.start()
        if self._server is not None:
            err.print("[yellow]Redis was gone and was started again[/]")

    def stop(self) -> None:
        """Gives it back; nothing happens where it does not run."""
        if self._server is not None:
            self._server.release()

    @property
    def address(self) -> str | None:
        """Where it is, without its password; None where there is none."""
        from components.shared_state.embedded_redis import read_address

        url = self._url or (read_address(self._home) if self._server is not None else None)
        if url is None:
            return None
        parts = urlsplit(url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()

    def _give_up(self, reason: str) -> None:
        warn(f"{reason}; {WITHOUT}")
        self.stop()
        self._server = None
