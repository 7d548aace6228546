"""How processes pass on what need not arrive, who types and who is there: by Redis where there is one."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

from socketio import AsyncManager, AsyncRedisManager

from components.core.errors import SharedStateUnavailable
from components.core.settings import Settings
from components.shared_state.connection import SharedState

CHANNEL = "helpdesk-handover"
_CONNECT_SECONDS = 2.0


class JoinedByRedis(AsyncRedisManager):  # type: ignore[misc]  # the library has no types
    """python-socketio's manager, which goes without Redis at once while Redis is away, and finds it again wherever it
    is by then. Messages never pass through it."""

    def __init__(self, state: SharedState) -> None:
        super().__init__(
            channel=CHANNEL,
            logger=logging.getLogger("helpdesk.handover"),
            redis_options={"socket_connect_timeout": _CONNECT_SECONDS, "socket_keepalive": True},
        )
        self._state = state

    async def close(self) -> None:
        """Stops listening and gives the connections back."""
        listening: asyncio.Task[Any] | None = getattr(self, "thread", None)
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        if self.redis is not None:
            await self.pubsub.aclose()
            await self.redis.aclose()
        await self._state.close()

    def _redis_connect(self) -> None:
        address = self._state.address
        if address is None:
            raise SharedStateUnavailable("no Redis has an address at present")
        self.redis_url = address
        super()._redis_connect()

    async def _publish(self, data: Any) -> None:
        with suppress(SharedStateUnavailable), self._state.guard() as redis:
            await redis.publish(self.channel, self.json.dumps(data))


def joining(settings: Settings) -> AsyncManager:
    """By Redis where it has an address when this process starts; else each process is alone."""
    state = SharedState.from_settings(settings)
    return AsyncManager() if state.address is None else JoinedByRedis(state)
