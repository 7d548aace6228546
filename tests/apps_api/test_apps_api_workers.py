"""The pool's bounds hold whatever its calls do."""

from __future__ import annotations

import asyncio
import threading

import pytest

from apps.api.workers import WorkerPool
from components.core.errors import Unavailable


def test_a_call_gives_what_its_function_returns_or_raises() -> None:
    async def run() -> None:
        pool = WorkerPool("test", threads=1, waiting=0)
        assert await pool.run(lambda: 7, deadline=5) == 7
        with pytest.raises(ZeroDivisionError):
            await pool.run(lambda: 1 // 0, deadline=5)
        assert await pool.run(threading.current_thread, deadline=5) is not threading.current_thread()
        pool.close()

    asyncio.run(run())


def test_a_call_past_its_deadline_keeps_its_place_until_it_returns() -> None:
    async def run() -> None:
        pool, release = WorkerPool("test", threads=1, waiting=0), threading.Event()
        with pytest.raises(Unavailable, match=r"0\.05 s"):
            await pool.run(release.wait, deadline=0.05)
        with pytest.raises(Unavailable, match="full"):
            await pool.run(lambda: 1, deadline=5)
        release.set()
        for _ in range(100):
            await asyncio.sleep(0.01)
            try:
                assert await pool.run(lambda: 1, deadline=5) == 1
                break
            except Unavailable:
                continue
        else:
            pytest.fail("the place was never given back")
        pool.close()

    asyncio.run(run())


def test_calls_past_the_threads_wait_and_calls_past_the_queue_are_refused() -> None:
    async def run() -> None:
        pool, release = WorkerPool("test", threads=2, waiting=3), threading.Event()
        calls = [asyncio.create_task(pool.run(release.wait, deadline=30)) for _ in range(9)]
        await asyncio.sleep(0.05)
        refused = [call for call in calls if call.done()]
        assert len(refused) == 4
        release.set()
        told = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(each is True for each in told) == 5
        assert sum(isinstance(each, Unavailable) for each in told) == 4
        pool.close()

    asyncio.run(run())


def test_a_closed_pool_takes_no_calls() -> None:
    async def run() -> None:
        pool = WorkerPool("test", threads=1, waiting=0)
        pool.close()
        with pytest.raises(Unavailable, match="stopping"):
            await pool.run(lambda: 1, deadline=5)

    asyncio.run(run())
