"""Text reaches the reader as it is made, within bounds, and a call that nobody listens to ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chat.streaming import PIECES_HELD, Emit, TextStreams
from components.core.errors import IndexUnavailable, Unavailable

PATIENCE = 10.0


@pytest.fixture(scope="module")
def streams() -> Iterator[TextStreams]:
    streams = TextStreams(2)
    yield streams
    streams.close()


@given(pieces=st.lists(st.text(max_size=5), max_size=3 * PIECES_HELD))
def test_every_piece_arrives_in_order_and_then_the_result(streams: TextStreams, pieces: list[str]) -> None:
    def call(emit: Emit) -> int:
        for piece in pieces:
            emit(piece)
        return len(pieces)

    *texts, result = streams.stream(call, deadline=PATIENCE)
    assert "".join(str(text) for text in texts) == "".join(pieces)
    assert result == len(pieces)


def test_the_first_piece_arrives_before_the_call_is_over(streams: TextStreams) -> None:
    go_on = threading.Event()

    def call(emit: Emit) -> str:
        emit("first")
        assert go_on.wait(PATIENCE)
        return "result"

    stream = streams.stream(call, deadline=PATIENCE)
    assert next(stream) == "first"
    go_on.set()
    assert list(stream) == ["result"]


def test_what_the_call_raises_is_raised(streams: TextStreams) -> None:
    def call(emit: Emit) -> str:
        emit("some")
        raise IndexUnavailable("nothing is being served")

    with pytest.raises(IndexUnavailable):
        list(streams.stream(call, deadline=PATIENCE))


def test_a_call_past_its_deadline_is_given_up(streams: TextStreams) -> None:
    done = threading.Event()
    started = time.monotonic()
    with pytest.raises(Unavailable):
        list(streams.stream(lambda emit: done.wait(PATIENCE), deadline=0.2))
    assert time.monotonic() - started < PATIENCE / 2
    done.set()


def test_a_call_whose_reader_has_gone_ends_at_its_next_piece(streams: TextStreams) -> None:
    ended = threading.Event()

    def call(emit: Emit) -> str:
        try:
            while True:
                emit("on and on")
        finally:
            ended.set()

    stream = streams.stream(call, deadline=PATIENCE)
    next(stream)
    stream.close()
    assert ended.wait(PATIENCE)


def test_a_fast_call_waits_for_a_slow_reader(streams: TextStreams) -> None:
    emitted = 0

    def call(emit: Emit) -> str:
        nonlocal emitted
        for _ in range(4 * PIECES_HELD):
            emit("x")
            emitted += 1
        return "result"

    stream = streams.stream(call, deadline=PATIENCE)
    time.sleep(0.3)
    assert emitted <= PIECES_HELD
    assert "".join(stream) == "x" * 4 * PIECES_HELD + "result"


def test_a_closed_chat_refuses_politely() -> None:
    streams = TextStreams(1)
    streams.close()
    with pytest.raises(Unavailable):
        list(streams.stream(lambda emit: "late", deadline=PATIENCE))
