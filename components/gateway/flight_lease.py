"""Who makes the answer to a question that several processes are asked at once: whoever holds its lock in Redis."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from components.core.errors import SharedStateUnavailable
from components.core.tenant import TenantContext
from components.gateway.prompt_cache_scripts import RELEASE, RENEW
from components.shared_state.connection import SharedState


class FlightLease:
    """A claim to a lock that lapses by itself, so that a killed process blocks others for `seconds` at most.

    `PromptCache.get` takes it within `kept`, which renews it and gives it back. The token fences: whoever has lost
    the lock (stalled past the lease) neither stores over the next holder nor gives that one's lock back.
    """

    def __init__(self, state: SharedState, tenant: TenantContext, key: str, *, seconds: float = 5.0) -> None:
        self._state = state
        self.name = f"helpdesk:{tenant.tenant_id}:flight:{key}"
        self.token = secrets.token_hex(8)
        self.milliseconds = int(seconds * 1000)
        self.may_be_held = False

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renews the lock while the block runs, gives it back afterwards."""
        renewal = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewal.cancel()
            if self.may_be_held:
                await self._release()

    async def _release(self) -> None:
        with contextlib.suppress(SharedStateUnavailable), self._state.guard() as redis:
            await redis.register_script(RELEASE)(keys=[self.name], args=[self.token])

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self.milliseconds / 3000)
            if not self.may_be_held:
                continue
            with contextlib.suppress(SharedStateUnavailable), self._state.guard() as redis:
                await redis.register_script(RENEW)(keys=[self.name], args=[self.token, self.milliseconds])
