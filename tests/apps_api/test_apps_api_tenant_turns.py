"""No tenant holds more than its threads, whatever its calls do, and every turn is given back."""

from __future__ import annotations

import asyncio
import threading
from uuid import uuid4

import pytest

from apps.api.tenant_turns import TenantTurns
from apps.api.workers import WorkerPool
from components.core.errors import Unavailable
from components.core.tenant import TenantContext

ADA, BEN = TenantContext(uuid4()), TenantContext(uuid4())


def test_a_tenants_calls_that_hang_hold_up_its_own_and_nobody_elses() -> None:
    async def run() -> None:
        pool, release = WorkerPool("test", threads=3, waiting=10), threading.Event()
        turns = TenantTurns(pool, each=2, waiting=1)
        hanging = [asyncio.create_task(turns.run(ADA, release.wait, deadline=0.1)) for _ in range(2)]
        assert all(isinstance(each, Unavailable) for each in await asyncio.gather(*hanging, return_exceptions=True))
        assert await turns.run(BEN, lambda: 7, deadline=5) == 7
        waits = asyncio.create_task(turns.run(ADA, lambda: 8, deadline=5))
        await asyncio.sleep(0.05)
        with pytest.raises(Unavailable, match="wait for their tenants' turn already"):
            await turns.run(ADA, lambda: 9, deadline=5)
        assert await turns.run(BEN, lambda: 10, deadline=5) == 10
        release.set()
        assert await waits == 8
        pool.close()

    asyncio.run(run())


def test_a_turn_is_given_back_by_a_call_that_fails_is_refused_or_given_up() -> None:
    async def run() -> None:
        pool, release = WorkerPool("test", threads=1, waiting=0), threading.Event()
        turns = TenantTurns(pool, each=1, waiting=5)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await turns.run(ADA, lambda: 1 // 0, deadline=5)
        full = asyncio.create_task(pool.run(release.wait, deadline=5))
        await asyncio.sleep(0.05)
        for _ in range(3):
            with pytest.raises(Unavailable, match="full"):
                await turns.run(ADA, lambda: 1, deadline=5)
        release.set()
        await full
        release.clear()
        gone = asyncio.create_task(turns.run(ADA, release.wait, deadline=5))
        late = asyncio.create_task(turns.run(ADA, lambda: 2, deadline=5))
        await asyncio.sleep(0.05)
        gone.cancel()
        release.set()
        assert await late == 2
        pool.close()

    asyncio.run(run())
