"""A turn's events reach a reader in order whether it is quick, slow or gone, and never hold the turn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.api.chat_events import MOST_CHARACTERS, EventBuffer, event_bytes
from components.dialogue.turn_events import Delta, TurnEvent, Typing

DELTAS = st.lists(st.builds(Delta, st.integers(0, 2), st.text(min_size=1, max_size=5)), max_size=30)


async def read(buffer: EventBuffer) -> list[TurnEvent]:
    return [event async for batch in buffer.batches(5) for event in batch]


def joined(events: Sequence[TurnEvent]) -> list[tuple[int, str]]:
    """Neighbours of one reply as one."""
    deltas = [event for event in events if isinstance(event, Delta)]
    return [
        (reply, "".join(each.text for each in pieces)) for reply, pieces in groupby(deltas, key=lambda each: each.reply)
    ]


@settings(max_examples=50)
@given(pieces=DELTAS, pauses=st.sets(st.integers(0, 30)))
def test_every_piece_arrives_once_and_in_order_however_slow_the_reader(pieces: list[Delta], pauses: set[int]) -> None:
    async def run() -> list[TurnEvent]:
        buffer = EventBuffer()
        reading = asyncio.create_task(read(buffer))

        for number, piece in enumerate(pieces):
            buffer.hear(piece)
            if number in pauses:
                await asyncio.sleep(0)
        buffer.end()
        return await reading

    assert joined(asyncio.run(run())) == joined(pieces)


def test_a_turn_in_a_thread_never_waits_for_a_reader_that_does_not_read() -> None:
    async def run() -> list[TurnEvent]:
        buffer = EventBuffer()

        def turn() -> None:
            buffer.hear(Typing())
            for _ in range(3 * MOST_CHARACTERS // 100):
                buffer.hear(Delta(0, "x" * 100))

        thread = threading.Thread(target=turn)
        thread.start()
        await asyncio.to_thread(thread.join, 20)
        assert not thread.is_alive()
        buffer.end()
        return await read(buffer)

    typing, delta = asyncio.run(run())
    assert typing == Typing()
    assert isinstance(delta, Delta)
    assert len(delta.text) <= MOST_CHARACTERS


def test_silence_is_a_batch_without_events_and_the_end_is_the_end() -> None:
    async def run() -> None:
        buffer = EventBuffer()
        batches = buffer.batches(0.01)
        assert await anext(batches) == ()
        buffer.hear(Typing())
        assert await anext(batches) == (Typing(),)
        buffer.hear(Delta(0, "a"))
        buffer.end()
        buffer.hear(Delta(0, "late"))
        assert [batch async for batch in batches] == [(Delta(0, "a"),)]

    asyncio.run(run())


def test_a_turn_may_speak_on_after_the_server_has_stopped() -> None:
    async def make() -> EventBuffer:
        return EventBuffer()

    asyncio.run(make()).hear(Typing())


def test_events_are_written_as_a_browser_reads_them() -> None:
    assert event_bytes(Typing()) == b"event: typing\ndata: {}\n\n"
    written = event_bytes(Delta(1, "Grüße\r\n\nan alle"))
    assert written == 'event: delta\ndata: {"reply":1,"text":"Grüße\\r\\n\\nan alle"}\n\n'.encode()
