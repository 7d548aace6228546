"""A request to a remote model ends with its reader, its task or its model, and many live side by side."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from components.core.chat_model import ChatModel
from components.core.errors import ModelUnavailable
from tests.models.chat_calls import outcome, question, remote, using
from tests.models.chat_test_servers import PIECES, Fault, Protocol, faulty_server

both = pytest.mark.parametrize("protocol", ["openai", "tgi"])


@both
def test_a_reader_who_leaves_stops_the_request(protocol: Protocol) -> None:
    async def leaves(model: ChatModel) -> None:
        async with aclosing(model.stream(question())) as stream:  # type: ignore[type-var]
            assert await anext(stream) == PIECES[0]

    with faulty_server(protocol, "pause") as server:
        using(remote(protocol, server.url), leaves)
        assert server.wait_cancelled()


@both
@pytest.mark.parametrize("fault", ["silence", "pause"])
def test_a_cancelled_task_stops_the_request(protocol: Protocol, fault: Fault) -> None:
    with faulty_server(protocol, fault) as server:

        async def cancels(model: ChatModel) -> None:
            reading = asyncio.create_task(outcome(model, question()))
            while not server.calls:
                await asyncio.sleep(0.01)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            assert await asyncio.to_thread(server.wait_cancelled)

        using(remote(protocol, server.url), cancels)


@both
def test_closing_the_model_ends_a_silent_stream_at_once(protocol: Protocol) -> None:
    with faulty_server(protocol, "silence") as server:

        async def closes(model: ChatModel) -> None:
            reading = asyncio.create_task(outcome(model, question()))
            while not server.calls:
                await asyncio.sleep(0.01)
            await model.close()
            assert type((await reading).error) is ModelUnavailable

        using(remote(protocol, server.url), closes)
        assert server.wait_cancelled()


@both
def test_a_server_that_recovers_is_used_again(protocol: Protocol) -> None:
    with faulty_server(protocol, "error", faulty_calls=2) as server:

        async def thrice(model: ChatModel) -> list[bool]:
            return [(await outcome(model, question())).error is None for _ in range(3)]

        assert using(remote(protocol, server.url), thrice) == [False, False, True]


@both
def test_forty_streams_at_once_lose_and_cross_nothing(protocol: Protocol) -> None:
    with faulty_server(protocol, "none") as server:
        server.between_pieces = 0.01

        async def many(model: ChatModel) -> None:
            found = await asyncio.gather(*(outcome(model, question()) for _ in range(40)))
            assert {each.pieces for each in found} == {PIECES}

        using(remote(protocol, server.url), many)
        assert server.calls == 40


@both
def test_the_check_costs_no_generation(protocol: Protocol) -> None:
    with faulty_server(protocol, "error") as server:
        using(remote(protocol, server.url), lambda model: model.check())
        assert server.calls == 0


@both
def test_the_check_of_a_server_that_is_gone_fails(protocol: Protocol) -> None:
    async def checks(model: ChatModel) -> None:
        with pytest.raises(ModelUnavailable, match="'far'"):
            await model.check()

    with faulty_server(protocol, "none") as server:
        url = server.url
    using(remote(protocol, url), checks)
