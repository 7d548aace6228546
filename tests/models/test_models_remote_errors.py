"""A remote model's failures have one name each in our tree, and none of them tells a secret."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidInput, ModelOverloaded, ModelTimedOut, ModelUnavailable, PromptTooLong
from components.core.model_catalogue import ModelDeclaration
from components.models.remote_errors import RemoteFailures, retry_after_seconds

FAILURES = RemoteFailures(
    ModelDeclaration("far", "openai", base_url="https://me:pass@models.test:8443/v1?token=abc", api_key="sk-secret")
)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Sun, 22 Nov 2026 10:00:30 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"retry-after": "Sun, 22 Nov 2026 09:00:00 GMT", "date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 40.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, now=60.0) == seconds


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40), st.none() | st.text(max_size=40))
def test_no_retry_after_is_negative_or_breaks(value: str, date: str | None) -> None:
    seconds = retry_after_seconds({"retry-after": value, **({"date": date} if date else {})}, now=0.0)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    "reason",
    [
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens",
        "context_length_exceeded",
        "The decoder prompt (length 5000) is longer than the maximum model length of 4096",
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 2000 and 100",
        "Input validation error: `inputs` must have less than 1024 tokens. Given: 1500",
        "the request exceeds the available context size. try increasing the context size",
        "input length exceeds the context length",
    ],
)
def test_servers_words_for_a_prompt_too_long_are_known(reason: str) -> None:
    assert type(FAILURES.answered(400, reason, {})) is PromptTooLong
    assert type(FAILURES.told_while_writing(reason)) is PromptTooLong


def test_each_status_has_its_error() -> None:
    found = {
        status: type(FAILURES.answered(status, "words", {})) for status in (400, 403, 404, 408, 413, 429, 503, 529)
    }
    assert found == {
        400: ModelUnavailable,
        403: ModelUnavailable,
        404: ModelUnavailable,
        408: ModelTimedOut,
        413: PromptTooLong,
        429: ModelOverloaded,
        503: ModelUnavailable,
        529: ModelOverloaded,
    }
    assert type(FAILURES.answered(422, "words", {}, special=True)) is InvalidInput
    assert type(FAILURES.answered(503, "words", {"retry-after": "3"})) is ModelOverloaded


def test_an_error_names_the_server_and_no_secret() -> None:
    told = str(FAILURES.failed("sk-secret is wrong\n" + "x" * 1000))
    assert "https://models.test:8443/v1" in told
    assert len(told) < 400
    for secret in ("sk-secret", "pass", "token=abc"):
        assert secret not in told
