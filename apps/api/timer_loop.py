"""The timers of handovers, run in the background of every API process: whichever comes first does what is due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress

from apps.api.workers import WorkerPool
from components.core.errors import HelpdeskError
from components.core.tenant import Tenant
from components.helpdesk.handover.timers import Timers

logger = logging.getLogger("helpdesk.timers")

_LONGEST_SWEEP = 120.0


class TimerLoop:
    """Sweeps over all tenants, again and again. Its methods belong to one event loop."""

    def __init__(
        self, timers: Timers, tenants: Callable[[], Iterable[Tenant]], pool: WorkerPool, *, every: float
    ) -> None:
        """tenants: called in a thread of `pool`. every: seconds from the end of one sweep to the next."""
        self._timers, self._tenants, self._pool, self._every = timers, tenants, pool, every
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins; the first sweep is made at once."""
        self._task = asyncio.create_task(self._run())

    async def stop(self, seconds: float) -> None:
        """Ends after the tenant that it is at, waiting so long for it."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=seconds)
            self._task.cancel()

    async def _run(self) -> None:
        while not self._stopping.is_set():
            await self._sweep()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._every)

    async def _sweep(self) -> None:
        try:
            for tenant in await self._pool.run(lambda: list(self._tenants()), deadline=_LONGEST_SWEEP):
                if self._stopping.is_set():
                    return
                await self._sweep_one(tenant)
        except HelpdeskError as error:
            logger.warning("the timers wait for the next time: %s", error)
        except Exception:
            logger.exception("fault in the timers")

    async def _sweep_one(self, tenant: Tenant) -> None:
        """Another tenant's timers are not to wait for this one's fault."""
        try:
            swept = await self._pool.run(lambda: self._timers.sweep(tenant), deadline=_LONGEST_SWEEP)
        except HelpdeskError as error:
            logger.warning("the timers of tenant %s wait for the next time: %s", tenant.tenant_id, error)
        except Exception:
            logger.exception("fault in the timers of tenant %s", tenant.tenant_id)
        else:
            if any((swept.apologised, swept.silenced, swept.ended)):
                logger.info("timers of tenant %s: %s", tenant.tenant_id, swept)
