"""Whatever a remote model's server does, the caller gets its text or a typed error, in time."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from components.core.chat_model import ChatModel, Completion
from components.core.errors import (
    HelpdeskError,
    InvalidInput,
    ModelMisbehaved,
    ModelOverloaded,
    ModelTimedOut,
    ModelUnavailable,
    PromptTooLong,
)
from tests.models.chat_calls import KEY, answer, ask, outcome, question, remote, using
from tests.models.chat_test_servers import FAULTS, OTHER_TEXT, PIECES, TEXT, Fault, Protocol, faulty_server

PROTOCOLS: tuple[Protocol, ...] = ("openai", "tgi")
CUT = ("Refunds take ", "five days")
both = pytest.mark.parametrize("protocol", PROTOCOLS)


@both
def test_a_server_that_behaves_is_believed(protocol: Protocol) -> None:
    with faulty_server(protocol, "none") as server:
        found = ask(remote(protocol, server.url))
    assert found.pieces == PIECES
    assert found.completion == Completion(TEXT, "far", 12, 6, "stop")


@both
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("overloaded", ModelOverloaded),
        ("busy_until", ModelOverloaded),
        ("error", ModelUnavailable),
        ("html", ModelUnavailable),
        ("unauthorized", ModelUnavailable),
        ("unknown_model", ModelUnavailable),
        ("redirect", ModelUnavailable),
        ("bad_request", ModelUnavailable),
        ("too_long", PromptTooLong),
        ("compressed", ModelMisbehaved),
    ],
)
def test_a_refusal_is_a_typed_error_without_text(protocol: Protocol, fault: Fault, error: type[HelpdeskError]) -> None:
    with faulty_server(protocol, fault) as server:
        found = ask(remote(protocol, server.url))
        assert server.calls == 1
    assert type(found.error) is error
    assert found.pieces == ()
    assert "'far'" in str(found.error)


@both
@pytest.mark.parametrize("fault", ["cut", "reset", "invalid_json", "not_utf8", "wrong_shape", "huge_line", "crossed"])
def test_a_stream_that_goes_wrong_is_a_typed_error_after_its_text(protocol: Protocol, fault: Fault) -> None:
    with faulty_server(protocol, fault) as server:
        found = ask(remote(protocol, server.url))
    assert type(found.error) is ModelMisbehaved
    # A reset may overtake what was sent before it.
    assert found.pieces == CUT or (fault == "reset" and found.pieces == CUT[: len(found.pieces)])


@both
def test_an_error_told_inside_a_stream_is_the_servers_failure(protocol: Protocol) -> None:
    with faulty_server(protocol, "error_event") as server:
        found = ask(remote(protocol, server.url))
    assert type(found.error) is ModelUnavailable
    assert "CUDA out of memory" in str(found.error)


@both
def test_no_fault_goes_past_the_deadline(protocol: Protocol) -> None:
    async def each(model: ChatModel) -> None:
        began = time.monotonic()
        await outcome(model, question(deadline=0.7))
        assert time.monotonic() - began < 8, "it hangs"

    for fault in FAULTS:
        with faulty_server(protocol, fault) as server:
            using(remote(protocol, server.url), each)


@both
def test_nobody_there_is_unavailable(protocol: Protocol) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert type(ask(remote(protocol, url)).error) is ModelUnavailable
    assert type(ask(remote(protocol, "http://no-such-host.invalid/v1")).error) is ModelUnavailable


@both
def test_silence_is_a_timeout_of_the_first_text(protocol: Protocol) -> None:
    with faulty_server(protocol, "silence") as server:
        found = ask(remote(protocol, server.url, first_text=0.3))
        assert server.wait_cancelled()
    assert type(found.error) is ModelTimedOut
    assert "no text within 0.3 s" in str(found.error)


@both
def test_a_stream_that_stops_halfway_is_a_timeout_of_the_whole(protocol: Protocol) -> None:
    with faulty_server(protocol, "pause") as server:
        found = ask(remote(protocol, server.url), question(deadline=3.0))
        assert server.wait_cancelled()
    assert found.pieces == CUT
    assert type(found.error) is ModelTimedOut
    assert "no end within 3 s" in str(found.error)


def test_a_server_that_never_accepts_is_a_timeout() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        for protocol in PROTOCOLS:
            assert type(ask(remote(protocol, url, first_text=1.0)).error) is ModelTimedOut
        for each in waiting:
            each.close()


@both
def test_retry_after_is_read_in_seconds_and_as_a_date(protocol: Protocol) -> None:
    waits = []
    for fault in ("overloaded", "busy_until"):
        with faulty_server(protocol, fault) as server:
            error = ask(remote(protocol, server.url)).error
            assert isinstance(error, ModelOverloaded)
            waits.append(error.retry_after)
    assert waits == [7.0, 9.0]


@both
def test_the_key_is_sent_and_never_told(protocol: Protocol) -> None:
    for fault in ("unauthorized", "error", "overloaded"):
        with faulty_server(protocol, fault) as server:
            model = remote(protocol, server.url)
            error = ask(model).error
            assert server.requests[0][1]["authorization"] == f"Bearer {KEY}"
        assert error is not None
        assert KEY not in f"{error} {error!r} {vars(model)!r}"
        if fault == "unauthorized":
            assert "refuses its API key" in str(error)


@both
def test_a_refused_schema_is_the_callers_to_mend(protocol: Protocol) -> None:
    with faulty_server(protocol, "bad_request") as server:
        found = ask(remote(protocol, server.url), question(response_schema={"type": "object"}))
    assert type(found.error) is InvalidInput
    assert "patternProperties" in str(found.error)


@both
def test_characters_are_whole_however_the_bytes_come(protocol: Protocol) -> None:
    with faulty_server(protocol, "byte_by_byte") as server:
        assert ask(remote(protocol, server.url)).pieces == PIECES
    with faulty_server(protocol, "split_surrogates") as server:
        assert ask(remote(protocol, server.url)).pieces == ("oh ", "\U0001f630", "!")


@both
@pytest.mark.parametrize(
    "counts",
    [(-1, -5), (12, 7_000_000), ("12", "5"), (12, 0), (0, 5), (12, 2.5), (True, True), (10**12, 5), (None, None)],
)
def test_impossible_token_counts_are_replaced_and_said_to_be(protocol: Protocol, counts: tuple[Any, Any]) -> None:
    with faulty_server(protocol, "wrong_counts", counts=counts) as server:
        found = answer(remote(protocol, server.url))
    assert found.text == TEXT
    assert found.estimated
    assert 1 <= found.input_tokens <= 40
    assert 1 <= found.output_tokens <= len(TEXT.encode())


@both
def test_absent_token_counts_are_estimated(protocol: Protocol) -> None:
    with faulty_server(protocol, "no_counts") as server:
        found = answer(remote(protocol, server.url))
    assert found.estimated
    assert found.output_tokens == -(-len(TEXT.encode()) // 4)


@both
def test_a_stop_sequence_left_in_is_cut_and_the_server_stopped(protocol: Protocol) -> None:
    with faulty_server(protocol, "stop_left_in") as server:
        found = answer(remote(protocol, server.url), question(stop=("never", "two\nEND")))
    assert found.text == "one "
    assert found.finish_reason == "stop"
    assert found.estimated


@both
def test_nothing_is_an_answer(protocol: Protocol) -> None:
    with faulty_server(protocol, "empty") as server:
        assert answer(remote(protocol, server.url)) == Completion("", "far", 12, 1, "stop")


@both
def test_a_server_that_never_stops_writing_is_stopped(protocol: Protocol) -> None:
    with faulty_server(protocol, "endless") as server:
        found = ask(remote(protocol, server.url), question(max_tokens=4))
        assert server.wait_cancelled()
    assert type(found.error) is ModelMisbehaved
    assert sum(map(len, found.pieces)) < 10_000


@both
def test_another_answers_text_in_a_stream_is_never_passed_on(protocol: Protocol) -> None:
    with faulty_server(protocol, "crossed") as server:
        found = ask(remote(protocol, server.url))
    assert type(found.error) is ModelMisbehaved
    assert OTHER_TEXT not in "".join(found.pieces)
