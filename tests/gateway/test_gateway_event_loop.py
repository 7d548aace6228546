"""One background loop serves threads and other loops, and stops what nobody reads any more."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import ModelMisbehaved, Unavailable
from components.gateway.event_loop import EventLoopThread
from components.gateway.handoff import SIZE


@pytest.fixture(scope="module")
def loop() -> Iterator[EventLoopThread]:
    loop = EventLoopThread()
    yield loop
    loop.close()


class Source:
    """A stream of numbers that remembers how far it got and whether it was closed."""

    def __init__(self, count: int, *, pause: float | None = None, error: Exception | None = None) -> None:
        self.count, self.pause, self.error = count, pause, error
        self.made = 0
        self.closed = threading.Event()

    async def stream(self) -> AsyncIterator[int]:
        try:
            for number in range(self.count):
                if self.pause is not None:
                    await asyncio.sleep(self.pause)
                self.made += 1
                yield number
            if self.error is not None:
                raise self.error
        finally:
            self.closed.set()


def through_thread(loop: EventLoopThread, make: Callable[[], AsyncIterator[int]]) -> list[int]:
    return list(loop.iterate(make))


def through_loop(loop: EventLoopThread, make: Callable[[], AsyncIterator[int]]) -> list[int]:
    async def read() -> list[int]:
        return [item async for item in loop.aiterate(make)]

    return asyncio.run(read())


WAYS = pytest.mark.parametrize("read", [through_thread, through_loop])


@WAYS
@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 5 * SIZE), pause=st.sampled_from([None, None, 0.0]))
def test_every_item_arrives_once_and_in_order(
    loop: EventLoopThread,
    read: Callable[[EventLoopThread, Callable[[], AsyncIterator[int]]], list[int]],
    count: int,
    pause: float | None,
) -> None:
    assert read(loop, Source(count, pause=pause).stream) == list(range(count))


@WAYS
def test_an_error_reaches_the_reader_after_the_items_before_it(
    loop: EventLoopThread, read: Callable[[EventLoopThread, Callable[[], AsyncIterator[int]]], list[int]]
) -> None:
    with pytest.raises(ModelMisbehaved, match="cut"):
        read(loop, Source(3, error=ModelMisbehaved("cut")).stream)


def test_a_producer_runs_ahead_by_a_bounded_number(loop: EventLoopThread) -> None:
    source = Source(10_000)
    items = loop.iterate(source.stream)
    assert next(items) == 0
    time.sleep(0.2)
    assert source.made <= SIZE + 1
    assert list(items) == list(range(1, 10_000))


def test_closing_the_iterator_closes_the_stream_before_it_returns(loop: EventLoopThread) -> None:
    source = Source(10, pause=0.01)
    items = loop.iterate(source.stream)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert source.closed.is_set()


def test_a_reader_on_another_loop_who_leaves_closes_the_stream(loop: EventLoopThread) -> None:
    source = Source(10, pause=0.01)

    async def read_one() -> None:
        items = loop.aiterate(source.stream)
        await anext(items)
        await items.aclose()  # type: ignore[attr-defined]
        assert source.closed.is_set()

    asyncio.run(read_one())


def test_a_reader_that_is_cancelled_closes_the_stream(loop: EventLoopThread) -> None:
    source = Source(10, pause=60)

    async def give_up() -> None:
        async def read() -> list[int]:
            return [item async for item in loop.aiterate(source.stream)]

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read(), 0.1)
        assert await asyncio.to_thread(source.closed.wait, 5)

    asyncio.run(give_up())


def test_many_readers_in_threads_get_their_own(loop: EventLoopThread) -> None:
    def read(count: int) -> list[int]:
        return list(loop.iterate(Source(count, pause=0).stream))

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(read, range(64))) == [list(range(count)) for count in range(64)]


def test_a_result_that_is_late_is_given_up(loop: EventLoopThread) -> None:
    cancelled = threading.Event()

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    with pytest.raises(Unavailable, match=r"0\.1 s"):
        loop.run(slow(), 0.1)
    assert cancelled.wait(5)


def test_the_coroutines_own_time_out_stays_its_own(loop: EventLoopThread) -> None:
    async def times_out() -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        loop.run(times_out(), 5)


def test_waiting_on_the_loop_for_the_loop_is_refused(loop: EventLoopThread) -> None:
    async def inner() -> None: ...

    async def outer() -> None:
        loop.run(inner())

    with pytest.raises(Unavailable):
        loop.run(outer(), 5)


def test_close_lets_readers_go_and_refuses_new_ones() -> None:
    loop, source, raised = EventLoopThread(), Source(10, pause=60), threading.Event()

    def read() -> None:
        try:
            list(loop.iterate(source.stream))
        except Unavailable:
            raised.set()

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.1)
    loop.close()
    loop.close()
    reader.join(5)
    assert raised.is_set()
    assert source.closed.is_set()
    with pytest.raises(Unavailable):
        list(loop.iterate(source.stream))
