"""One flight a key: equal questions at once make one call, within a process and between processes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flight_worker import Made, decode, encode
from hypothesis import given, settings
from hypothesis import strategies as st
from redis_fixtures import new_tenant, running_redis, shared_state

from components.core.errors import ModelMisbehaved, ModelTimedOut, ModelUnavailable
from components.core.tenant import TenantContext
from components.gateway.cached_streams import CachedStreams
from components.gateway.flight_lease import FlightLease
from components.gateway.prompt_cache import Lookup, PromptCache
from components.shared_state.connection import SharedState

ROOT = Path(__file__).resolve().parents[2]
PIECES = ("Ein ", "Kajak ", "👋🏽", " geht zurück.")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with running_redis() as folder:
        yield folder


class Upstream:
    """A model server as the streams see it: counts its calls, waits where told to, notes that it was closed."""

    def __init__(self, *pieces: str, keep: bool = True) -> None:
        self.pieces, self.keep = pieces or PIECES, keep
        self.calls = self.closed = 0
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.started = asyncio.Event()

    async def produce(self) -> AsyncIterator[str | Made]:
        self.calls += 1
        self.started.set()
        try:
            for piece in self.pieces:
                await asyncio.sleep(0)
                yield piece
                await self.go_on.wait()
            yield Made("".join(self.pieces), keep=self.keep)
        finally:
            self.closed += 1


class Caller:
    """Whoever asks: what it heard, what it got, what it met."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.result: Made | None = None
        self.met: list[str] = []

    async def ask(
        self,
        streams: CachedStreams,
        tenant: TenantContext,
        produce: Callable[[], AsyncIterator[str | Made]],
        *,
        key: str = "key",
        pause: float | None = None,
        **options: Any,
    ) -> Caller:
        async for item in streams.stream(
            tenant,
            key,
            produce,
            encode=encode,
            decode=options.pop("decode", decode),
            cacheable=lambda made: made.keep,
            text=lambda made: made.text,
            observe=self.met.append,
            **options,
        ):
            if isinstance(item, str):
                self.heard.append(item)
                assert item
            else:
                assert self.result is None
                self.result = item
            if pause is not None:
                await asyncio.sleep(pause)
        assert self.result is not None
        assert "".join(self.heard) == self.result.text
        return self


def on_redis(folder: Path | None, check: Callable[[CachedStreams, SharedState], Awaitable[None]]) -> None:
    async def run() -> None:
        async with shared_state(folder) as state:
            streams = CachedStreams(PromptCache(state, 60), state, lease_seconds=0.5)
            await check(streams, state)
            await streams.close()
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


@pytest.mark.parametrize("with_redis", [True, False])
def test_fifty_equal_questions_at_once_make_one_call(folder: Path, with_redis: bool) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream()
        callers = await asyncio.gather(*(Caller().ask(streams, tenant, upstream.produce) for _ in range(50)))
        assert upstream.calls == upstream.closed == 1
        assert [caller.result and caller.result.hit for caller in callers] == [False, *[True] * 49]
        assert [caller.met for caller in callers] == [["miss" if with_redis else "unavailable"], *[["hit"]] * 49]
        later = await Caller().ask(streams, tenant, upstream.produce)
        assert upstream.calls == (1 if with_redis else 2)
        if with_redis:
            assert later.heard == ["".join(PIECES)]
            assert later.met == ["hit"]

    on_redis(folder if with_redis else None, check)


def test_tenants_share_neither_flight_nor_answer(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        ours, theirs = Upstream("ours"), Upstream("theirs")
        one, other = new_tenant(), new_tenant()
        first, second = await asyncio.gather(
            Caller().ask(streams, one, ours.produce), Caller().ask(streams, other, theirs.produce)
        )
        assert (first.heard, second.heard) == (["ours"], ["theirs"])
        assert (await Caller().ask(streams, one, theirs.produce)).heard == ["ours"]
        assert (await Caller().ask(streams, other, ours.produce)).heard == ["theirs"]
        assert ours.calls == theirs.calls == 1

    on_redis(folder, check)


def test_another_key_is_another_call(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream()
        await Caller().ask(streams, tenant, upstream.produce, key="one")
        await Caller().ask(streams, tenant, upstream.produce, key="other")
        assert upstream.calls == 2

    on_redis(folder, check)


def test_who_comes_late_hears_it_from_the_start_and_a_slow_one_holds_nobody_up(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream(*"abcdef")
        upstream.go_on.clear()
        first = asyncio.create_task(Caller().ask(streams, tenant, upstream.produce))
        await upstream.started.wait()
        slow = asyncio.create_task(Caller().ask(streams, tenant, upstream.produce, pause=0.3))
        late = asyncio.create_task(Caller().ask(streams, tenant, upstream.produce))
        await asyncio.sleep(0.05)
        upstream.go_on.set()
        await asyncio.gather(first, late)
        assert not slow.done()
        heard = (await slow).heard
        assert len(heard) < 6
        assert "".join(heard) == "abcdef"

    on_redis(folder, check)


def test_one_who_goes_does_not_stop_the_others(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream()
        upstream.go_on.clear()
        leader, other = (asyncio.create_task(Caller().ask(streams, tenant, upstream.produce)) for _ in range(2))
        await upstream.started.wait()
        leader.cancel()
        await asyncio.wait({leader})
        assert upstream.closed == 0
        upstream.go_on.set()
        assert (await other).result == Made("".join(PIECES), hit=True)
        assert upstream.calls == 1

    on_redis(folder, check)


def test_the_last_one_to_go_stops_the_call_and_frees_the_key(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream()
        upstream.go_on.clear()
        callers = [asyncio.create_task(Caller().ask(streams, tenant, upstream.produce)) for _ in range(3)]
        await upstream.started.wait()
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)
        assert upstream.closed == 1
        with state.guard() as redis:
            assert await redis.keys(f"helpdesk:{tenant.tenant_id}:*") == []
        upstream.go_on.set()
        assert (await Caller().ask(streams, tenant, upstream.produce)).met == ["miss"]

    on_redis(folder, check)


def test_closing_a_stream_early_stops_the_call(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        upstream = Upstream()
        upstream.go_on.clear()
        stream = streams.stream(
            new_tenant(),
            "key",
            upstream.produce,
            encode=encode,
            decode=decode,
            cacheable=lambda made: True,
            text=lambda made: made.text,
        )
        async for _ in stream:
            break
        await stream.aclose()  # type: ignore[attr-defined]
        assert upstream.closed == 1

    on_redis(folder, check)


def test_what_breaks_the_call_reaches_all_and_is_not_kept(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant = new_tenant()

        async def broken() -> AsyncIterator[str | Made]:
            yield "half"
            await asyncio.sleep(0.01)
            raise ModelMisbehaved("cut")

        ends = await asyncio.gather(*(Caller().ask(streams, tenant, broken) for _ in range(5)), return_exceptions=True)
        assert [type(end) for end in ends] == [ModelMisbehaved] * 5
        assert (await Caller().ask(streams, tenant, Upstream("whole").produce)).heard == ["whole"]

    on_redis(folder, check)


def test_a_stream_without_a_result_is_an_error(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        async def endless() -> AsyncIterator[str | Made]:
            yield "text"

        with pytest.raises(ModelMisbehaved):
            await Caller().ask(streams, new_tenant(), endless)

    on_redis(folder, check)


def test_what_is_not_to_be_kept_is_shared_but_not_kept(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream(keep=False)
        await asyncio.gather(*(Caller().ask(streams, tenant, upstream.produce) for _ in range(5)))
        assert upstream.calls == 1
        await Caller().ask(streams, tenant, upstream.produce)
        assert upstream.calls == 2

    on_redis(folder, check)


def test_a_value_that_cannot_be_read_is_a_miss(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream()
        await Caller().ask(streams, tenant, upstream.produce)

        def refuse(value: bytes) -> Made:
            raise ValueError("of another release")

        assert (await Caller().ask(streams, tenant, upstream.produce, decode=refuse)).met == ["miss"]
        assert upstream.calls == 2

    on_redis(folder, check)


def test_a_listener_keeps_its_own_deadline(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream()
        upstream.go_on.clear()
        patient = asyncio.create_task(Caller().ask(streams, tenant, upstream.produce))
        await upstream.started.wait()
        with pytest.raises(ModelTimedOut):
            await Caller().ask(streams, tenant, upstream.produce, deadline=0.1)
        upstream.go_on.set()
        assert (await patient).met == ["miss"]

    on_redis(folder, check)


def test_closing_ends_what_is_under_way_with_a_typed_error(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream()
        upstream.go_on.clear()
        callers = [asyncio.create_task(Caller().ask(streams, tenant, upstream.produce)) for _ in range(3)]
        await upstream.started.wait()
        await streams.close()
        ends = await asyncio.gather(*callers, return_exceptions=True)
        assert [type(end) for end in ends] == [ModelUnavailable] * 3
        assert upstream.closed == 1

    on_redis(folder, check)


@settings(max_examples=25, deadline=None)
@given(
    pieces=st.lists(st.text(min_size=1, max_size=5), max_size=8),
    arrivals=st.lists(st.tuples(st.integers(0, 12), st.none() | st.just(0.0)), min_size=1, max_size=6),
)
def test_whoever_listens_whenever_hears_the_whole_text(pieces: list[str], arrivals: list[Any]) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant = new_tenant()

        async def produce() -> AsyncIterator[str | Made]:
            for piece in pieces:
                await asyncio.sleep(0)
                yield piece
            yield Made("".join(pieces))

        async def arrive(turns: int, pause: float | None) -> str:
            for _ in range(turns):
                await asyncio.sleep(0)
            return "".join((await Caller().ask(streams, tenant, produce, pause=pause)).heard)

        heard = await asyncio.gather(*(arrive(*arrival) for arrival in arrivals))
        assert heard == ["".join(pieces)] * len(arrivals)

    on_redis(None, check)


def test_while_another_process_makes_it_one_waits_for_the_cache(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream()
        upstream.go_on.clear()
        async with shared_state(folder) as other_state:
            others = CachedStreams(PromptCache(other_state, 60), other_state, lease_seconds=0.5)
            leader = asyncio.create_task(Caller().ask(others, tenant, upstream.produce))
            await upstream.started.wait()
            follower = asyncio.create_task(Caller().ask(streams, tenant, upstream.produce))
            # Longer than the lease, which its holder renews.
            await asyncio.sleep(1.2)
            upstream.go_on.set()
            assert (await leader).met == ["miss"]
            assert (await follower).met == ["hit"]
            assert upstream.calls == 1

    on_redis(folder, check)


def test_who_waited_in_vain_makes_it_and_does_not_store_over_the_holder(folder: Path) -> None:
    async def check(streams: CachedStreams, state: SharedState) -> None:
        tenant, upstream = new_tenant(), Upstream()
        cache = PromptCache(state, 60)
        holder = FlightLease(state, tenant, "key", seconds=30)
        assert await cache.get(tenant, "key", holder) == Lookup("miss")
        caller = await Caller().ask(streams, tenant, upstream.produce, deadline=0.6)
        assert caller.met == ["miss"]
        assert await cache.get(tenant, "key") == Lookup("miss")
        assert await cache.put(tenant, "key", b"the holder's", lease=holder)
        assert (await Caller().ask(streams, tenant, upstream.produce)).heard == ["the holder's"]

    on_redis(folder, check)


class Worker:
    """A process that asks one question with many callers as soon as it is let go."""

    def __init__(self, folder: Path, tenant: TenantContext, place: Path, *, seconds: float, callers: int) -> None:
        self.gate = place / f"gate-{uuid4().hex}"
        arguments = [folder, tenant.tenant_id, "key", callers, seconds, place / "made", self.gate]
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("flight_worker.py"), *map(str, arguments)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    def await_ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def answers(self) -> list[list[Any]]:
        return list(json.loads(self.process.communicate(timeout=60)[0]))

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def start(folder: Path, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    tenant = new_tenant()
    workers: list[Worker] = []

    def start(*, seconds: float, callers: int) -> Worker:
        workers.append(Worker(folder, tenant, tmp_path, seconds=seconds, callers=callers))
        return workers[-1]

    yield start
    for one in workers:
        one.kill()


def test_fifty_equal_questions_to_two_processes_make_one_call(start: Callable[..., Worker], tmp_path: Path) -> None:
    workers = [start(seconds=0.5, callers=25) for _ in range(2)]
    for one in workers:
        one.await_ready()
    for one in workers:
        one.gate.touch()
    answers = [answer for one in workers for answer in one.answers()]
    assert len((tmp_path / "made").read_text().splitlines()) == 1
    assert [text for text, _ in answers] == ["an answer"] * 50
    assert sum(not hit for _, hit in answers) == 1


def test_when_the_process_that_makes_it_is_killed_another_takes_over(
    start: Callable[..., Worker], tmp_path: Path
) -> None:
    made = tmp_path / "made"
    doomed, heir = start(seconds=600, callers=1), start(seconds=0.1, callers=5)
    doomed.await_ready()
    heir.await_ready()
    doomed.gate.touch()
    until = time.monotonic() + 30
    while not made.exists() and time.monotonic() < until:
        time.sleep(0.01)
    heir.gate.touch()
    time.sleep(0.2)
    doomed.kill()
    assert [text for text, _ in heir.answers()] == ["an answer"] * 5
    assert made.read_text().split() == [str(doomed.process.pid), str(heir.process.pid)]
