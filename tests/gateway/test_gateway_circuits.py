"""A model that fails too often is left alone, one call at a time finds out, and processes agree."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch
from uuid import uuid4

import limits.aio.storage.memory as library
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from redis_fixtures import running_redis, shared_state

from components.core.errors import InvalidInput, ModelOverloaded, ModelTimedOut, PromptTooLong
from components.gateway.circuit_breaker import CircuitBreaker, Permit
from components.gateway.circuits import RedisCircuits
from components.shared_state.connection import SharedState

DOWN = ModelTimedOut("silent")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class CircuitMachine(RuleBasedStateMachine):
    """The breaker beside the plainest model of it: times of failures, when it opens again, who probes.

    The moving window is the library's, on the same clock.
    """

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.patched = patch.object(library, "time", SimpleNamespace(time=self.clock))
        self.patched.start()
        self.loop = asyncio.new_event_loop()
        self.breaker = CircuitBreaker(["m"], clock=self.clock)
        self.failures: list[float] = []
        self.opens_again: float | None = None
        self.probe: Permit | None = None
        self.probed_until = 0.0

    def teardown(self) -> None:
        pending = asyncio.all_tasks(self.loop)
        self.loop.run_until_complete(asyncio.wait(pending)) if pending else None
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.patched.stop()

    @property
    def expected(self) -> str:
        if self.opens_again is None:
            return "closed"
        return "open" if self.clock.now < self.opens_again else "half_open"

    @rule(seconds=st.sampled_from([0.5, 5.0, 29.0, 31.0, 61.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(error=st.sampled_from([None, DOWN, DOWN, DOWN, InvalidInput("x"), PromptTooLong("x")]))
    def a_call_is_made(self, error: Exception | None) -> None:
        state = self.expected
        permit = self.loop.run_until_complete(self.breaker.admit("m", 60.0))
        if state == "open" or (state == "half_open" and self.clock.now < self.probed_until):
            assert permit is None
            return
        assert permit is not None
        assert permit.probe == (state == "half_open")
        if permit.probe:
            self.probe, self.probed_until = permit, self.clock.now + 60.0
        else:
            self.ends(permit, error)

    @rule(error=st.sampled_from([None, DOWN, InvalidInput("x"), ModelOverloaded("x", retry_after=90.0)]))
    def the_probe_comes_back(self, error: Exception | None) -> None:
        if self.probe is not None:
            permit, self.probe = self.probe, None
            self.ends(permit, error)

    def ends(self, permit: Permit, error: Exception | None) -> None:
        if error is None:
            self.loop.run_until_complete(self.breaker.succeeded(permit))
        else:
            self.loop.run_until_complete(self.breaker.failed(permit, error))  # type: ignore[arg-type]
        ours = isinstance(error, InvalidInput)
        if permit.probe:
            self.probed_until = 0.0
            if error is None:
                self.opens_again, self.failures = None, []
            else:
                self.opens_again = self.clock.now + (0 if ours else 90 if isinstance(error, ModelOverloaded) else 30)
            if isinstance(error, ModelOverloaded):
                self.counts_too_many()
        elif error is not None and not ours and self.counts_too_many():
            self.opens_again = self.clock.now + 30

    def counts_too_many(self) -> bool:
        # The library keeps the newest five, and lets a sixth in once the oldest is older than a minute.
        self.failures = [moment for moment in self.failures if moment >= self.clock.now - 60]
        if len(self.failures) < 5:
            self.failures.append(self.clock.now)
            return False
        return True

    @invariant()
    def the_state_is_as_expected(self) -> None:
        assert self.breaker.state("m") == self.expected


CircuitMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestCircuits = CircuitMachine.TestCase


@pytest.fixture(scope="module")
def redis() -> Iterator[Path]:
    with running_redis() as folder:
        yield folder


async def fail(breaker: CircuitBreaker, model: str, times: int) -> None:
    for _ in range(times):
        permit = await breaker.admit(model, 10.0)
        assert permit is not None
        await breaker.failed(permit, DOWN)


def two(clock: Clock, model: str, one: SharedState, other: SharedState) -> tuple[CircuitBreaker, CircuitBreaker]:
    return tuple(CircuitBreaker([model], RedisCircuits(state), clock=clock) for state in (one, other))  # type: ignore[return-value]


def test_failures_of_all_processes_count_together_and_open_it_for_all(redis: Path) -> None:
    async def play() -> None:
        model, clock = uuid4().hex, Clock()
        async with shared_state(redis) as one, shared_state(redis) as other:
            here, there = two(clock, model, one, other)
            await fail(here, model, 3)
            await fail(there, model, 2)
            assert (here.state(model), there.state(model)) == ("closed", "closed")
            await fail(here, model, 1)
            assert here.state(model) == "open"
            clock.now += 1.1
            assert await there.admit(model, 10.0) is None
            assert there.state(model) == "open"

    asyncio.run(play())


def test_one_process_probes_for_all_and_its_success_closes_it_for_all(redis: Path) -> None:
    async def play() -> None:
        model, clock = uuid4().hex, Clock()
        async with shared_state(redis) as one, shared_state(redis) as other:
            here, there = two(clock, model, one, other)
            await RedisCircuits(one).write(model, 0.0)
            permits = [await each.admit(model, 10.0) for each in (here, there)]
            assert [permit is not None for permit in permits] == [True, False]
            assert permits[0] is not None
            assert permits[0].probe
            await here.succeeded(permits[0])
            clock.now += 1.1
            admitted = await there.admit(model, 10.0)
            assert admitted == Permit(model, probe=False)

    asyncio.run(play())


def test_a_probe_that_never_comes_back_is_given_up_for(redis: Path) -> None:
    async def play() -> None:
        model, clock = uuid4().hex, Clock()
        async with shared_state(redis) as one, shared_state(redis) as other:
            here, there = two(clock, model, one, other)
            await RedisCircuits(one).write(model, 0.0)
            assert await here.admit(model, 0.05)
            await asyncio.sleep(0.1)
            assert await there.admit(model, 10.0)

    asyncio.run(play())


def test_a_caller_who_leaves_gives_the_probe_to_the_next(redis: Path) -> None:
    async def play() -> None:
        model, clock = uuid4().hex, Clock()
        async with shared_state(redis) as one, shared_state(redis) as other:
            here, there = two(clock, model, one, other)
            await RedisCircuits(one).write(model, 0.0)
            permit = await here.admit(model, 10.0)
            assert permit is not None
            await here.released(permit)
            assert await there.admit(model, 10.0)

    asyncio.run(play())


def test_without_redis_a_process_counts_for_itself() -> None:
    async def play() -> None:
        async with shared_state(None) as nothing:
            breaker = CircuitBreaker(["m"], RedisCircuits(nothing), clock=Clock())
            await fail(breaker, "m", 6)
            assert breaker.state("m") == "open"

    asyncio.run(play())


def test_a_circuit_that_opened_while_redis_was_away_is_shared_when_it_is_back(redis: Path) -> None:
    async def play() -> None:
        from components.shared_state.embedded_redis import read_address

        model, clock, there_is_one = uuid4().hex, Clock(), False
        late = SharedState(lambda: read_address(redis) if there_is_one else None, timeout=5.0, outage_seconds=0.0)
        async with shared_state(redis) as other:
            here, there = two(clock, model, late, other)
            await fail(here, model, 6)
            assert here.state(model) == "open"
            there_is_one = True
            clock.now += 1.1
            await here.refresh()
            assert here.state(model) == "open"
            assert await there.admit(model, 10.0) is None
        await late.close()

    asyncio.run(play())


def test_a_server_that_asks_for_less_time_than_a_failure_would_cost_gets_what_it_asks() -> None:
    async def play() -> None:
        clock = Clock()
        breaker = CircuitBreaker(["m"], clock=clock)
        await breaker.failed(Permit("m", probe=False), ModelOverloaded("busy", retry_after=2.0))
        assert breaker.state("m") == "open"
        clock.now += 2.1
        assert breaker.state("m") == "half_open"

    asyncio.run(play())


def test_a_probe_that_is_told_to_wait_shortly_does_not_shut_the_model_off_for_long() -> None:
    async def play() -> None:
        clock = Clock()
        breaker = CircuitBreaker(["m"], clock=clock)
        for _ in range(3):
            permit = await breaker.admit("m", 10.0)
            assert permit is not None
            await breaker.failed(permit, ModelOverloaded("429", retry_after=1.0))
            assert breaker.state("m") == "open"
            clock.now += 1.1
        assert breaker.state("m") == "half_open"
        for _ in range(3):  # the sixth failure within a minute is one too many
            permit = await breaker.admit("m", 10.0)
            assert permit is not None
            await breaker.failed(permit, ModelOverloaded("429", retry_after=1.0))
            clock.now += 1.1
        assert breaker.state("m") == "open"

    asyncio.run(play())
