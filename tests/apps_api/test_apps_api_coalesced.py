"""Work that many causes ask for is done once, never twice at a time for one key, and again where it was asked for
meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import pytest

from apps.api.coalesced import Coalesced
from components.core.errors import DatabaseUnavailable


async def worked(coalesced: Coalesced[str], seconds: float = 0.2) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(coalesced.run(), seconds)


def test_a_key_is_never_worked_on_twice_at_once_and_not_forgotten_either() -> None:
    async def work() -> None:
        running: Counter[str] = Counter()
        done: list[str] = []
        most = 0

        async def act(key: str) -> None:
            nonlocal most
            running[key] += 1
            assert running[key] == 1
            most = max(most, running.total())
            if done.count(key) == 0:
                coalesced.mark(key)
                coalesced.mark(key)
            await asyncio.sleep(0.01)
            running[key] -= 1
            done.append(key)

        coalesced = Coalesced(act, at_once=2)
        for key in "abcabc":
            coalesced.mark(key)
        await worked(coalesced)
        assert Counter(done) == {"a": 2, "b": 2, "c": 2}
        assert most == 2

    asyncio.run(work())


def test_what_fails_stops_nothing_else_and_is_logged_once_a_row(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        done: list[str] = []

        async def act(key: str) -> None:
            if key.startswith("bad"):
                raise DatabaseUnavailable("away")
            if key == "worse":
                raise KeyError(key)
            done.append(key)

        coalesced = Coalesced(act, at_once=1)
        for key in ("bad1", "bad2", "worse", "good"):
            coalesced.mark(key)
        await worked(coalesced)
        assert done == ["good"]

    asyncio.run(work())
    assert [each.levelname for each in caplog.records] == ["WARNING", "ERROR"]
