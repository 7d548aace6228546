"""The embeddings endpoint as an embedder, against a test server and its faults."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.embeddings import Embedder
from components.core.errors import InvalidSetting, ModelUnavailable
from components.models.embedder_factory import load_embedder
from components.models.openai_embedder import BATCH_TEXTS
from tests.models.embeddings_test_server import DIMENSIONS, EmbeddingsTestServer, Reply, embedding, reply, well_behaved


def connect(url: str, *, deadline: float = 5.0, key: str | None = None) -> Embedder:
    return load_embedder(
        "openai:test", cache_dir=Path("x"), threads=1, embeddings_url=url, embeddings_api_key=key, deadline=deadline
    )


def refuse(status: int, **headers: str) -> Callable[[dict[str, Any]], Reply]:
    return lambda body: (status, {key.replace("_", "-"): value for key, value in headers.items()}, b'{"error": "no"}')


def test_shuffled_results_are_put_back_in_order(server: EmbeddingsTestServer) -> None:
    def shuffled(body: dict[str, Any]) -> Reply:
        data = json.loads(well_behaved(body)[2])["data"]
        return reply(data[::-1])

    embedder = connect(server.url)
    assert embedder.identity.dimensions == DIMENSIONS
    server.script = [shuffled]
    found = embedder.embed_passages(["one", "two", "three"])
    for each, text in zip(found, ["one", "two", "three"], strict=True):
        assert np.allclose(each.vector, np.array(embedding(text)) / 3, atol=1e-6)


def test_many_texts_go_in_batches_of_bounded_size(server: EmbeddingsTestServer) -> None:
    connect(server.url).embed_passages([str(number) for number in range(150)])
    assert [len(body["input"]) for body, _ in server.requests] == [1, BATCH_TEXTS, BATCH_TEXTS, 150 - 2 * BATCH_TEXTS]


def test_the_key_and_the_model_are_sent(server: EmbeddingsTestServer) -> None:
    connect(server.url, key="s3cret").embed_query("a")
    body, headers = server.requests[-1]
    assert headers["authorization"] == "Bearer s3cret"
    assert body["model"] == "test"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_retried(server: EmbeddingsTestServer, status: int) -> None:
    server.script = [refuse(status), refuse(status)]
    assert connect(server.url).identity.dimensions == DIMENSIONS
    assert len(server.requests) == 3


def test_retries_end_after_the_second(server: EmbeddingsTestServer) -> None:
    server.script = [refuse(500)] * 9
    with pytest.raises(ModelUnavailable, match="HTTP 500"):
        connect(server.url).embed_query("a")
    assert len(server.requests) == 3


def test_retry_after_is_honoured(server: EmbeddingsTestServer) -> None:
    server.script = [refuse(429, retry_after="1")]
    began = time.monotonic()
    connect(server.url).embed_query("a")
    assert time.monotonic() - began >= 1


def test_a_retry_after_past_the_deadline_is_not_waited_for(server: EmbeddingsTestServer) -> None:
    server.script = [refuse(429, retry_after="60")]
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="HTTP 429"):
        connect(server.url, deadline=2).embed_query("a")
    assert time.monotonic() - began < 1.5
    assert len(server.requests) == 1


def test_a_wrong_key_is_not_retried(server: EmbeddingsTestServer) -> None:
    server.script = [refuse(401)] * 3
    with pytest.raises(ModelUnavailable, match="HTTP 401"):
        connect(server.url).embed_query("a")
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["silence", "drip"])
def test_a_server_that_does_not_finish_is_left_at_the_deadline(server: EmbeddingsTestServer, fault: str) -> None:
    setattr(server, fault, {"silence": 30.0, "drip": 0.05}[fault])
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match=r"no answer within 0\.9 s"):
        connect(server.url, deadline=0.9).embed_query("a")
    assert time.monotonic() - began < 2.5


def test_a_refused_connection_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1.*refused"):
            connect(url, deadline=3).embed_query("a")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda body: (200, {}, b"<html>nginx</html>"), "no list of embeddings"),
        (lambda body: (200, {}, b'{"data": 5}'), "no list of embeddings"),
        (lambda body: reply([]), "embeddings for"),
        (lambda body: reply([{"index": 0, "embedding": []}]), "0 dimensions"),
        (lambda body: reply([{"index": 0, "embedding": [1.0] * 5}]), "5 dimensions.*12"),
        (lambda body: reply([{"index": 0, "embedding": [float("nan")] * DIMENSIONS}]), "finite"),
        (lambda body: reply([{"index": 0, "embedding": [0.0] * DIMENSIONS}]), "not all zero"),
        (lambda body: reply([{"index": 7, "embedding": [1.0] * DIMENSIONS}]), r"embeddings for \[7\] of 1"),
    ],
)
def test_an_answer_that_breaks_the_protocol_is_refused(
    server: EmbeddingsTestServer, answer: Callable[[dict[str, Any]], Reply], message: str
) -> None:
    embedder = connect(server.url)
    assert embedder.identity.dimensions == DIMENSIONS
    server.script = [answer]
    with pytest.raises(ModelUnavailable, match=message):
        embedder.embed_query("a")


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_no_real_tokenizer_counts_more_than_the_byte_count(bundled: Embedder, text: str) -> None:
    counted = connect("http://127.0.0.1:9/v1").token_spans(text)
    assert len(counted) >= len(bundled.token_spans(text))


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("openai:", "http://x/v1"),
        ("openai:m", None),
        ("openai:m", "ftp://x"),
        ("openai:m", "x"),
        ("no such", None),
        ("", None),
    ],
)
def test_a_setting_that_cannot_work_is_refused(name: str, url: str | None, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting):
        load_embedder(name, cache_dir=tmp_path, threads=1, embeddings_url=url)


def test_no_threads_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="threads=0"):
        load_embedder("bundled", cache_dir=tmp_path, threads=0)
