"""What PostgreSQL tells at once: one connection that listens, and that comes back by itself when it was lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing
from random import uniform
from typing import Any, Never, Protocol

import psycopg
from psycopg import AsyncConnection, sql

from components.database.session import Database

# As pg_stat_activity shows the connection.
NAME = "helpdesk notifications"

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_CONNECT_SECONDS = 5
# A network that swallows packets looks like one that has nothing to say.
_CHECKED_EVERY, _CHECKED_WITHIN = 10.0, 5.0

logger = logging.getLogger("helpdesk.database")


class Listener(Protocol):
    """Both are called in the event loop and may not block it."""

    def notified(self, channel: str, payload: str) -> None:
        """A transaction that said this has committed."""
        ...

    def may_have_missed(self) -> None:
        """Listening has begun, for the first time or anew: whatever was said before was not heard."""
        ...


class Notifications:
    """PostgreSQL's LISTEN as the application role, on one connection beside the pool.

    It may lose notifications while it is not connected and says so; whoever must not miss anything reads the tables.
    """

    def __init__(self, database: Database, channels: Sequence[str], listener: Listener) -> None:
        self._database, self._channels, self._listener = database, tuple(channels), listener

    async def run(self) -> Never:
        """Listens until it is cancelled; tries again, ever less often, while PostgreSQL is out of reach."""
        pause = _FIRST_PAUSE
        while True:
            try:
                async with await self._connect() as connection:
                    for channel in self._channels:
                        await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                    pause = _FIRST_PAUSE
                    self._listener.may_have_missed()
                    await self._hear(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                logger.warning("notifications of the database are not heard, trying again: %s", str(error).strip())
            await asyncio.sleep(uniform(0.5, 1.0) * pause)  # noqa: S311 - spreads processes out, and hides nothing
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _connect(self) -> AsyncConnection[Any]:
        arguments = self._database.app_arguments()
        return await AsyncConnection.connect(
            **arguments, autocommit=True, connect_timeout=_CONNECT_SECONDS, application_name=NAME
        )

    async def _hear(self, connection: AsyncConnection[Any]) -> Never:
        while True:
            async with aclosing(connection.notifies(timeout=_CHECKED_EVERY)) as notices:
                async for notice in notices:
                    self._listener.notified(notice.channel, notice.payload)
            await asyncio.wait_for(connection.execute("SELECT 1"), _CHECKED_WITHIN)
