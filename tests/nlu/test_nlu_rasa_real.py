"""The real Rasa: trained, served, killed, given models whole and cut."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from components.core.errors import NluUnavailable
from components.nlu.rasa_engine import RasaEngine
from components.nlu.rasa_http import RasaHttp
from components.nlu.rasa_server import RasaServer
from components.nlu.rasa_training import RasaProgress
from tests.nlu.rasa_tiny import PROJECT, require_rasa

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def model(rasa_model: Path) -> Path:
    return rasa_model


@pytest.fixture
def server(rasa_server: RasaServer) -> RasaServer:
    return rasa_server


@pytest.fixture
def engine(server: RasaServer) -> Iterator[RasaEngine]:
    engine = RasaEngine(server.url, threshold=0.3)
    yield engine
    engine.close()


def test_a_training_shows_its_progress_and_leaves_only_the_model(
    model: Path, rasa_progress: list[RasaProgress]
) -> None:
    assert {"DIETClassifier", "ResponseSelector"} <= {each.component for each in rasa_progress}
    assert [path.name for path in model.parent.iterdir()] == [model.name]


def test_a_trained_rasa_understands(engine: RasaEngine, server: RasaServer, model: Path) -> None:
    assert server.served_model() == model.name
    understood = engine.parse("  please refund order 104432", deadline=30)
    assert understood.intent == "refund"
    assert [(each.name, each.text, each.start) for each in understood.entities] == [("order_number", "104432", 22)]
    small_talk = engine.parse("what is your name", deadline=30)
    assert (small_talk.intent, small_talk.response) == ("chitchat", "chitchat/ask_name")
    assert engine.version not in ("", "unknown")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "👋👋",
        "\ud83d",
        "x" * 100_000,
        "refund " * 20_000,
        "שלום, אני רוצה החזר",
        '/human{"a": "b"}',
        "\x01\x7f",
        "/",
    ],
)
def test_no_message_is_too_odd(engine: RasaEngine, text: str) -> None:
    understood = engine.parse(text, deadline=60)
    assert 0 <= understood.confidence <= 1
    assert all(text[each.start : each.end] == each.text for each in understood.entities)


def test_a_model_that_was_cut_short_is_refused_and_the_other_serves_on(
    engine: RasaEngine, server: RasaServer, model: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    with pytest.raises(NluUnavailable, match=r"cut\.tar\.gz"):
        server.load_model(cut)
    with pytest.raises(NluUnavailable, match="no such model"):
        server.load_model(tmp_path / "gone.tar.gz")
    assert server.served_model() == model.name
    assert engine.parse("hello", deadline=30).intent == "greet"


def test_nobody_without_the_token_is_let_in(server: RasaServer, model: Path) -> None:
    stranger = RasaHttp(server.address)
    for method, path, content in (
        ("POST", "/model/parse", {"text": "hi"}),
        ("PUT", "/model", {"model_file": str(model)}),
        ("DELETE", "/model", None),
        ("GET", "/status", None),
    ):
        assert stranger.exchange(method, path, content, deadline=30).status == 401
    assert stranger.exchange("POST", "/webhooks/rest/webhook", {"message": "hi"}, deadline=30).status == 404
    stranger.close()
    process = psutil.Process(server.pid)
    token = server.url.split("@")[0].rpartition(":")[2]
    assert not [part for part in process.cmdline() if token in part]
    assert {each.laddr.ip for each in process.net_connections() if each.status == "LISTEN"} == {"127.0.0.1"}


def test_rasa_writes_down_no_message(engine: RasaEngine, server: RasaServer) -> None:
    engine.parse("my secret is 4711-zebra", deadline=30)
    assert "zebra" not in server.log.read_text()


def test_a_rasa_that_is_killed_in_mid_parse_is_a_typed_error_within_the_deadline(
    server: RasaServer, engine: RasaEngine, model: Path
) -> None:
    engine.parse("hello", deadline=30)
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (server.pid, signal.SIGKILL)).start()
    began = time.monotonic()
    with pytest.raises(NluUnavailable):
        engine.parse("hello", deadline=20)
    assert time.monotonic() - began < 15
    with pytest.raises(NluUnavailable):
        engine.parse("hello", deadline=1)
    server.start(model)
    server.await_ready()
    assert engine.parse("hello", deadline=30).intent == "greet"


def test_a_rasa_without_a_model_serves_one_that_it_is_given(model: Path, tmp_path: Path) -> None:
    server = RasaServer(require_rasa(), tmp_path / "rasa", project=PROJECT)
    engine = RasaEngine(server.url, threshold=0.3)
    try:
        server.start()
        server.await_ready()
        assert server.served_model() is None
        with pytest.raises(NluUnavailable, match="no model"):
            engine.parse("hello", deadline=30)
        server.load_model(model)
        assert engine.parse("hello", deadline=30).intent == "greet"
    finally:
        engine.close()
        server.stop()
    assert not server.is_running
