"""The way to Redis: found when it comes, forgotten cheaply when it goes."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from components.core.errors import InvalidSetting, SharedStateUnavailable
from components.core.settings import Settings
from components.shared_state.connection import SharedState
from components.shared_state.embedded_redis import EmbeddedRedis, read_address


class Clock:
    """Time that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path / "redis")
    server.start()
    yield server
    server.release()


@contextmanager
def silent_server() -> Iterator[tuple[str, list[socket.socket]]]:
    """Takes connections and says nothing; yields its address and the connections so far."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    taken.append(listening.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0", taken
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    for one in taken:
        one.close()


async def read(state: SharedState, key: str = "key") -> bytes | None:
    with state.guard() as client:
        return await client.get(key)


async def refused(state: SharedState) -> bool:
    try:
        await read(state)
    except SharedStateUnavailable:
        return True
    return False


def test_without_an_address_it_is_unavailable_and_silent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def check() -> None:
        state = SharedState.from_settings(Settings.model_validate({"data_dir": tmp_path}))
        assert not state.available
        assert await refused(state)
        assert await refused(state)
        with pytest.raises(SharedStateUnavailable):
            _ = state.redis
        await state.close()

    with caplog.at_level(logging.DEBUG, "components"):
        asyncio.run(check())
    assert caplog.records == []


def test_a_server_that_comes_later_is_found(tmp_path: Path) -> None:
    clock = Clock()
    server = EmbeddedRedis(tmp_path / "redis")

    async def check() -> None:
        state = SharedState(lambda: read_address(tmp_path / "redis"), timeout=5, clock=clock)
        assert await refused(state)
        server.start()
        clock.now += 10
        assert state.available
        assert await read(state) is None
        await state.close()

    try:
        asyncio.run(check())
    finally:
        server.release()


def test_a_server_that_hangs_costs_one_time_out_an_outage(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()

    async def check(address: str, taken: list[socket.socket]) -> None:
        state = SharedState(lambda: address, timeout=0.05, clock=clock)
        assert state.available
        assert await refused(state)
        met = len(taken)
        for _ in range(50):
            assert await refused(state)
        assert len(taken) == met
        assert not state.available
        clock.now += 10
        # All at once: one tries, the others are refused meanwhile.
        assert all(await asyncio.gather(*(refused(state) for _ in range(50))))
        assert len(taken) <= met + 1
        await state.close()

    with silent_server() as (address, taken):
        asyncio.run(check(address, taken))
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_after_a_restart_it_works_again(server: EmbeddedRedis, tmp_path: Path) -> None:
    clock = Clock()

    async def check() -> None:
        state = SharedState(lambda: read_address(tmp_path / "redis"), timeout=5, clock=clock)
        assert await read(state) is None
        server.release()
        assert await refused(state)
        server.start()
        clock.now += 10
        assert await read(state) is None
        assert state.available
        await state.close()

    asyncio.run(check())


def test_a_refused_command_is_ours_and_no_outage(server: EmbeddedRedis, tmp_path: Path) -> None:
    async def check() -> None:
        state = SharedState(lambda: read_address(tmp_path / "redis"), timeout=5)
        with state.guard() as client:
            await client.set("key", "no list")
        with pytest.raises(SharedStateUnavailable, match="refused"), state.guard() as client:
            await client.lpush("key", "item")
        assert await read(state) == b"no list"
        await state.close()

    asyncio.run(check())


def test_a_cancelled_call_does_not_leave_its_answer_to_the_next(server: EmbeddedRedis, tmp_path: Path) -> None:
    async def check() -> None:
        state = SharedState(lambda: read_address(tmp_path / "redis"), timeout=5)
        with state.guard() as client:
            await client.mset({f"key{number}": f"{number}" for number in range(20)})
        for number in range(20):
            call = asyncio.create_task(read(state, "key0"))
            for _ in range(number):
                await asyncio.sleep(0)
            call.cancel()
            answers = await asyncio.gather(*(read(state, f"key{one}") for one in range(1, 20)))
            assert answers == [str(one).encode() for one in range(1, 20)]
        await state.close()

    asyncio.run(check())


def test_the_setting_comes_before_the_bundled_server(server: EmbeddedRedis, tmp_path: Path) -> None:
    address = read_address(tmp_path / "redis") or ""

    async def check() -> None:
        settings = Settings.model_validate({"data_dir": tmp_path / "elsewhere", "redis_url": address})
        state = SharedState.from_settings(settings)
        with redis.Redis.from_url(address) as client:
            client.set("key", "value")
        assert await read(state) == b"value"
        await state.close()

    asyncio.run(check())


@pytest.mark.parametrize("address", ["http://:hunter2@host:1", "redis://:pa/hunter2@host:1", "redis://h?db=hunter2"])
def test_an_address_of_something_else_is_refused_without_showing_its_password(tmp_path: Path, address: str) -> None:
    with pytest.raises(InvalidSetting, match="HELPDESK_REDIS_URL") as caught:
        SharedState.from_settings(Settings.model_validate({"data_dir": tmp_path, "redis_url": address}))
    assert "hunter2" not in str(caught.value)
