"""Whatever breaks while a message is answered, it is answered once, and the customer finds the answer again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from apps_api_chat import QUESTION, Chatter, begin, events
from apps_api_customers import SHOP, settle
from test_apps_api_server import SERVE, running

from apps.api.app import Limits
from apps.api.chat_app import ChatBounds
from apps.api.server import ApiServer
from components.bootstrap import Workbench, build_workbench
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from tests.helpdesk.scripted_model_server import ScriptedServer, scripted_server
from tests.model_uses import of_web, recorded_uses

PATIENCE = 40.0
ANSWER = "You can return an unused jacket within 45 days of delivery [1]."


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedServer]:
    with scripted_server() as served:
        yield served


@pytest.fixture(scope="module")
def models_file(model: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model.catalogue(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def modelled(settings: Settings, addresses: DatabaseAddresses, models_file: Path) -> Iterator[Workbench]:
    changes = {"data_dir": settings.data_dir, "models": models_file}
    workbench = build_workbench(Settings.model_validate(changes), addresses)
    yield workbench
    workbench.close()


@pytest.fixture(scope="module")
def domain(modelled: Workbench, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a tenant whose answers a model writes, as slowly as a test has it."""
    shop = settle(modelled, "breaks.example", tmp_path_factory.mktemp("breaks") / "help", SHOP).tenant
    return modelled.tenants.update_config(shop.tenant_id, {"models": ["scripted-small"]}).domain


@pytest.fixture
def slow(model: ScriptedServer) -> Callable[[float], str]:
    """Has the model take so many seconds; a question that it was not asked before."""

    def take(seconds: float) -> str:
        model.requests.clear()
        model.says(ANSWER, pause=seconds)
        return f"{QUESTION} I ask as number {uuid4().hex[:8]}."

    return take


@contextmanager
def talking(workbench: Workbench, bounds: ChatBounds = ChatBounds()) -> Iterator[httpx.Client]:  # noqa: B008
    with running(workbench, Limits(chat=bounds)) as url, httpx.Client(base_url=url, timeout=PATIENCE) as client:
        yield client


def awaited(chatter: Chatter, after: int) -> list[dict[str, Any]]:
    """What came after a message, once nothing is pending."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        told = chatter.read(after)
        if not told["pending"]:
            return list(told["messages"])
        time.sleep(0.1)
    pytest.fail("the message still waits for its turn")


def heard(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < end, "nothing was heard in time"
        time.sleep(0.01)


def begun(client: httpx.Client, domain: str) -> Chatter:
    """A session, once the only thread is free: a server that starts first takes up what an earlier one left."""
    until = time.monotonic() + PATIENCE
    while client.post("/chat/sessions", json={"tenant": domain, "customer": {}}).status_code == 503:
        assert time.monotonic() < until, "the server stays busy"
        time.sleep(0.05)
    return begin(client, domain)


def test_a_customer_who_hangs_up_finds_the_answer_exactly_once(
    modelled: Workbench, domain: str, slow: Callable[[float], str]
) -> None:
    question = slow(1.0)
    with talking(modelled) as client:
        chatter = begin(client, domain)
        known = chatter.opening["last_sequence"]
        body = {"client_message_id": "left", "text": question}
        with client.stream("POST", f"{chatter.path}/messages", json=body, headers=chatter.headers) as response:
            assert next(events(response.iter_lines())) == ("typing", {})
        assert chatter.read(known)["pending"]
        asked, answered = awaited(chatter, known)
        assert (asked["client_message_id"], asked["handled"]) == ("left", True)
        assert answered["text"] == ANSWER
        again = chatter.say(question, "left")
        assert (again["repeated"], again["messages"]) == (True, [answered])
        assert [each["sequence"] for each in chatter.read(known)["messages"]] == [known + 1, known + 2]
    tenant = modelled.tenants.get_by_domain(domain).context
    assert of_web(chatter.session) in recorded_uses(modelled.database, tenant, 1)


def test_the_same_message_sent_twice_at_once_is_answered_once(
    modelled: Workbench, domain: str, slow: Callable[[float], str], model: ScriptedServer
) -> None:
    question = slow(0.7)
    with talking(modelled) as client, ThreadPoolExecutor(2) as threads:
        chatter = begin(client, domain)
        streams = list(threads.map(lambda _: chatter.stream(question, "twice"), range(2)))
        (name, first), (_, second) = (told[-1] for told in streams)
        assert name == "done"
        assert sorted((first["repeated"], second["repeated"])) == [False, True]
        assert first["messages"] == second["messages"]
        assert len(model.requests) == 1
        assert len(awaited(chatter, chatter.opening["last_sequence"])) == 2


def test_messages_sent_at_once_are_answered_one_after_the_other_and_a_fourth_waits(
    modelled: Workbench, domain: str, slow: Callable[[float], str]
) -> None:
    question = slow(0.7)
    with talking(modelled) as client, ThreadPoolExecutor(4) as threads:
        chatter = begin(client, domain)
        known = chatter.opening["last_sequence"]
        sent = [threads.submit(chatter.post, f"{question} {n}", accept="text/event-stream") for n in range(4)]
        codes = Counter(each.result().status_code for each in sent)
        assert codes == {200: 3, 429: 1}
        messages = awaited(chatter, known)
        assert [each["sequence"] for each in messages] == list(range(known + 1, known + 7))
        asked = [each["sequence"] for each in messages if each["author"] == "customer"]
        assert [each["reply_to"] for each in messages if each["author"] == "bot"] == asked


def test_silence_is_filled_with_heartbeats(modelled: Workbench, domain: str, slow: Callable[[float], str]) -> None:
    question = slow(0.8)
    with talking(modelled, ChatBounds(heartbeat=0.1)) as client:
        told = [name for name, _ in begin(client, domain).stream(question)]
    assert told[0] == "typing"
    assert told.count("") >= 3
    assert told[-1] == "done"


def test_where_every_thread_is_taken_a_customer_is_asked_to_come_back(
    modelled: Workbench, domain: str, slow: Callable[[float], str], model: ScriptedServer
) -> None:
    question = slow(1.5)
    with talking(modelled, ChatBounds(turns=1, waiting=0)) as client, ThreadPoolExecutor(1) as threads:
        first, second = begun(client, domain), begun(client, domain)
        running = threads.submit(first.say, question)
        heard(lambda: bool(model.requests))
        refused = second.post(QUESTION, accept="text/event-stream")
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert int(refused.headers["Retry-After"]) > 0
        assert running.result()["messages"][0]["text"] == ANSWER
        assert second.read()["pending"] is False


def test_a_turn_that_a_killed_server_left_is_taken_by_the_next_one_exactly_once(
    settings: Settings,
    modelled: Workbench,
    models_file: Path,
    domain: str,
    slow: Callable[[float], str],
    model: ScriptedServer,
    tmp_path: Path,
) -> None:
    question = slow(30.0)
    with process(settings, models_file, tmp_path / "first.log") as (first, server), ThreadPoolExecutor(1) as threads:
        chatter = begin(first, domain)
        known = chatter.opening["last_sequence"]
        asking = threads.submit(chatter.say, question, "killed")
        heard(lambda: bool(model.requests))
        server.send_signal(signal.SIGKILL)
        server.wait(30)
        assert isinstance(asking.exception(30), httpx.HTTPError)
    model.says(ANSWER)
    with process(settings, models_file, tmp_path / "second.log") as (second, _):
        moved = chatter.on(second)
        asked, answered = awaited(moved, known)
        assert (asked["client_message_id"], asked["text"]) == ("killed", question)
        assert (answered["text"], answered["reply_to"]) == (ANSWER, asked["sequence"])
        again = moved.say(question, "killed")
        assert (again["repeated"], again["messages"]) == (True, [answered])
        assert len(moved.read(known)["messages"]) == 2


@contextmanager
def process(settings: Settings, models: Path, log: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """A server in a process of its own, on the session's database."""
    with closing(ApiServer("127.0.0.1", 0)) as server:
        port = server.url.rsplit(":", 1)[1]
    environment = {
        **os.environ,
        "HELPDESK_DATA_DIR": str(settings.data_dir),
        "HELPDESK_PORT": port,
        "HELPDESK_MODELS": str(models),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    with log.open("w") as errors:
        started = subprocess.Popen(
            [sys.executable, "-c", SERVE], env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            assert started.stdout is not None
            url = started.stdout.readline().strip()
            assert url, log.read_text()
            with httpx.Client(base_url=url, timeout=PATIENCE) as client:
                yield client, started
        finally:
            started.kill()
            started.communicate()
