"""Threads that many tenants share, and that no tenant can take from the others: whose calls hang waits for its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar
from uuid import UUID

from apps.api.workers import WorkerPool
from components.core.errors import Unavailable
from components.core.tenant import TenantContext

T = TypeVar("T")


class TenantTurns:
    """A WorkerPool of which each tenant has so many threads at once, until the calls return. Belongs to one event
    loop."""

    def __init__(self, pool: WorkerPool, *, each: int, waiting: int) -> None:
        """each: threads of one tenant. waiting: calls of all that may wait for one of theirs; more are refused."""
        self._pool, self._each, self._most = pool, each, waiting
        self._turns: dict[UUID, asyncio.Semaphore] = {}
        self._waiting = 0

    async def run(self, tenant: TenantContext, call: Callable[[], T], *, deadline: float) -> T:
        """As WorkerPool.run, and raises as it does."""
        turn = self._turns.setdefault(tenant.tenant_id, asyncio.Semaphore(self._each))
        began, loop = monotonic(), asyncio.get_running_loop()
        await self._take(turn, deadline)

        def ended() -> None:
            with suppress(RuntimeError):  # The loop is closed, and nobody waits any more.
                loop.call_soon_threadsafe(turn.release)

        return await self._pool.run(call, deadline=max(deadline - (monotonic() - began), 0.0), ended=ended)

    async def _take(self, turn: asyncio.Semaphore, deadline: float) -> None:
        if turn.locked() and self._waiting >= self._most:
            raise Unavailable(f"{self._waiting} calls wait for their tenants' turn already")
        self._waiting += 1
        try:
            async with asyncio.timeout(deadline):
                await turn.acquire()
        except TimeoutError as error:
            raise Unavailable(
                f"the tenant's {self._each} calls at once did not return within {deadline:g} s"
            ) from error
        finally:
            self._waiting -= 1
