"""A notification is heard once its transaction has committed; whoever may have missed one is told so."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest

from components.database.notifications import NAME, Notifications
from components.database.session import Database

CHANNEL = "test_notifications"


class Heard:
    def __init__(self) -> None:
        self.payloads: list[str] = []
        self.gaps = 0

    def notified(self, channel: str, payload: str) -> None:
        assert channel == CHANNEL
        self.payloads.append(payload)

    def may_have_missed(self) -> None:
        self.gaps += 1


@contextlib.asynccontextmanager
async def listening(database: Database) -> AsyncIterator[Heard]:
    heard = Heard()
    task = asyncio.create_task(Notifications(database, [CHANNEL], heard).run())
    try:
        await until(lambda: heard.gaps == 1)
        yield heard
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(ready: object, seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not ready():  # type: ignore[operator]
            await asyncio.sleep(0.01)


def test_what_is_said_is_heard_after_its_commit_and_not_after_a_rollback(database: Database) -> None:
    async def listen() -> None:
        async with listening(database) as heard:
            with psycopg.connect(**database.app_arguments()) as speaker:
                speaker.execute("SELECT pg_notify(%s, 'one')", [CHANNEL])
                await asyncio.sleep(0.2)
                assert heard.payloads == []
                speaker.commit()
                await until(lambda: heard.payloads == ["one"])
                speaker.execute("SELECT pg_notify(%s, 'never')", [CHANNEL])
                speaker.rollback()
                speaker.execute("SELECT pg_notify(%s, 'two')", [CHANNEL])
            await until(lambda: heard.payloads == ["one", "two"])
            assert heard.gaps == 1

    asyncio.run(listen())


def test_a_lost_connection_comes_back_and_says_that_something_may_be_missing(database: Database) -> None:
    async def listen() -> None:
        async with listening(database) as heard:
            with psycopg.connect(**database.app_arguments(), autocommit=True) as speaker:
                for cut in range(1, 4):
                    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
                    speaker.execute(kill, [NAME])
                    await until(lambda cut=cut: heard.gaps == 1 + cut)
                    told = uuid4().hex
                    speaker.execute("SELECT pg_notify(%s, %s)", [CHANNEL, told])
                    await until(lambda told=told: heard.payloads[-1:] == [told])

    asyncio.run(listen())


def test_while_the_database_is_out_of_reach_it_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = "postgresql+psycopg://app:x@127.0.0.1:1/helpdesk"

    async def listen() -> None:
        task = asyncio.create_task(Notifications(Database(nowhere, nowhere), [CHANNEL], Heard()).run())
        await until(lambda: len(caplog.records) >= 2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(listen())
    assert "not heard" in caplog.records[0].message
