"""What is done by the clock for every tenant, in the background of every API process: whichever comes first does it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress

from apps.api.workers import WorkerPool
from components.core.errors import HelpdeskError
from components.core.tenant import Tenant

logger = logging.getLogger("helpdesk.timers")

_LONGEST_SWEEP = 120.0


class TimerLoop:
    """Sweeps over all tenants, again and again. Its methods belong to one event loop."""

    def __init__(
        self,
        name: str,
        sweep: Callable[[Tenant], object],
        tenants: Callable[[], Iterable[Tenant]],
        pool: WorkerPool,
        *,
        every: float,
    ) -> None:
        """name: in the log, with what `sweep` gives where that is true. sweep, tenants: called in a thread of `pool`.
        every: seconds from the end of one sweep to the next."""
        self._name, self._sweep_of, self._tenants = name, sweep, tenants
        self._pool, self._every = pool, every
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
            logger.warning("the %s waits for the next time: %s", self._name, error)
        except Exception:
            logger.exception("fault in the %s", self._name)

    async def _sweep_one(self, tenant: Tenant) -> None:
        """Another tenant is not to wait for this one's fault."""
        try:
            swept = await self._pool.run(lambda: self._sweep_of(tenant), deadline=_LONGEST_SWEEP)
        except HelpdeskError as error:
            logger.warning("the %s of tenant %s waits for the next time: %s", self._name, tenant.tenant_id, error)
        except Exception:
            logger.exception("fault in the %s of tenant %s", self._name, tenant.tenant_id)
        else:
            if swept:
                logger.info("%s of tenant %s: %s", self._name, tenant.tenant_id, swept)
