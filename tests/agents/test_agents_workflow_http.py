"""HTTP Request: what is sent and made of the answer, once where it counts, and only where it may go."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from components.core.tenant import Tenant
from components.database.session import Database
from components.gateway.event_loop import EventLoopThread
from tests.agents.workflow_world import World, items

TYPE = "n8n-nodes-base.httpRequest"


class Shop(ThreadingHTTPServer):
    """A shop's own server: keeps what it was sent, and answers each call with the next of its answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.seen: list[dict[str, Any]] = []
        self.answers: list[tuple[int, Any]] = []
        self.asked, self.may_answer = threading.Event(), threading.Event()
        self.may_answer.set()

    def handle_error(self, *_: Any) -> None:
        """A caller that did not wait is none."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Asked(BaseHTTPRequestHandler):
    server: Shop

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        parts = urlsplit(self.path)
        said = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append(
            {"method": self.command, "path": parts.path, "query": parse_qs(parts.query), "headers": said, "body": body}
        )
        self.server.asked.set()
        self.server.may_answer.wait(20)
        status, answer = self.server.answers.pop(0) if self.server.answers else (200, {"state": "open"})
        raw = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Location", "http://169.254.169.254/latest/meta-data")
        self.send_header("Content-Type", "text/plain" if isinstance(answer, str) else "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def served() -> Iterator[Shop]:
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def shop() -> Iterator[Shop]:
    with served() as server:
        yield server


def ask(url: str, **more: Any) -> dict[str, Any]:
    node = {"name": "Ask", "type": TYPE, "typeVersion": 4.2, "parameters": {"url": url, **more.pop("parameters", {})}}
    return {"nodes": [{**node, **more}]}


def test_an_export_asks_a_shop_and_answers_its_caller(workflows: World, shop: Shop) -> None:
    name = workflows.save("hook")
    run = workflows.begin(name, hooked=True, query={"tag": "b"}, body={"shop": shop.url, "number": 7})
    assert run.status == "done", run.fault
    (seen,) = shop.seen
    assert (seen["method"], seen["path"], seen["query"]) == ("POST", "/orders", {"lang": ["en"]})
    assert json.loads(seen["body"]) == {"number": 7, "tags": ["a", "b"]}
    assert seen["headers"]["x-trace"] == str(run.run_id)
    assert seen["headers"]["idempotency-key"] == f"{run.run_id}/Ask the shop"
    assert run.state["answer"] == {"status": 201, "json": {"state": "open", "number": 7}}


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        ((200, {"a": 1}), [{"a": 1}]),
        ((200, [{"a": 1}, 2]), [{"a": 1}, {"data": 2}]),
        ((200, "hello"), [{"data": "hello"}]),
        ((200, ""), [{}]),
    ],
)
def test_an_answer_becomes_items(workflows: World, shop: Shop, answer: Any, came: list[Any]) -> None:
    shop.answers = [answer]
    run = workflows.run(ask(shop.url))
    assert items(workflows.steps(run)["Ask"]) == came


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((302, {}), "redirects are not followed"),
        ((404, "gone"), "HTTP 404: gone"),
        ((500, "oh"), "HTTP 500"),
        ((200, "x" * 500_000), "more than is read"),
    ],
)
def test_what_failed_is_said_and_a_post_is_not_sent_again(workflows: World, shop: Shop, answer: Any, why: str) -> None:
    shop.answers = [answer]
    run = workflows.run(ask(shop.url, parameters={"method": "POST"}))
    assert run.status == "failed"
    assert run.fault is not None
    assert why in run.fault.message
    assert len(shop.seen) == 1


@pytest.mark.parametrize("retried", [False, True])
def test_a_post_that_another_process_may_have_sent_is_sent_again_only_where_its_node_says_so(
    workflows: World, shop: Shop, retried: bool
) -> None:
    document = ask(shop.url, parameters={"method": "POST"}, retryOnFail=retried)
    workflows.workflows.save(workflows.tenant.context, document, "post")
    shop.may_answer.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(workflows.begin, "post")
        assert shop.asked.wait(10)
        (run,) = workflows.workshop.runs.search(workflows.tenant.context)
        # As if the first process were gone: its lease has lapsed, and another takes the run up.
        workflows.due(run.run_id)
        second = threads.submit(workflows.go_on)
        if not retried:
            assert second.result()
        else:
            until = time.monotonic() + 10
            while len(shop.seen) < 2 and time.monotonic() < until:
                time.sleep(0.02)
        shop.may_answer.set()
        first.result()
        second.result()
    ended = workflows.now(run)
    if retried:
        assert (ended.status, len(shop.seen)) == ("done", 2)
        assert len({each["headers"]["idempotency-key"] for each in shop.seen}) == 1
    else:
        assert ended.fault is not None
        assert (ended.fault.code, len(shop.seen)) == ("outcome_unknown", 1)


def test_a_post_whose_answer_was_lost_is_not_sent_again(workflows: World, shop: Shop) -> None:
    shop.may_answer.clear()
    run = workflows.run(ask(shop.url, parameters={"method": "POST", "options": {"timeout": 300}}))
    shop.may_answer.set()
    assert run.fault is not None
    assert run.fault.code == "outcome_unknown"
    assert len(shop.seen) == 1


def test_a_server_that_is_not_there_is_asked_again(workflows: World) -> None:
    run = workflows.run(ask("http://127.0.0.1:1", parameters={"method": "POST"}))
    assert run.status == "waiting"


def test_what_may_be_asked_again_is_until_it_answers(workflows: World, shop: Shop) -> None:
    shop.answers = [(503, "later"), (500, "later")]
    run = workflows.run(ask(shop.url))
    for _ in range(2):
        assert workflows.now(run).status == "waiting"
        workflows.due(run.run_id)
        workflows.go_on()
    assert workflows.now(run).status == "done"
    assert len(shop.seen) == 3


def test_of_several_items_those_that_were_asked_for_are_not_asked_for_again(workflows: World, shop: Shop) -> None:
    rows = {"name": "Rows", "type": TYPE, "typeVersion": 4.2, "parameters": {"url": shop.url}}
    document = ask(f"={shop.url}/{{{{ $json.n }}}}", parameters={"method": "POST"})
    shop.answers = [(200, [{"n": 1}, {"n": 2}, {"n": 3}]), (200, {}), (503, "later")]
    run = workflows.run({"nodes": [rows, *document["nodes"]]})
    assert run.status == "waiting"
    workflows.due(run.run_id)
    workflows.go_on()
    assert workflows.now(run).status == "done"
    assert [each["path"].lstrip("/") for each in shop.seen] == ["", "1", "2", "2", "3"]


def test_credentials_come_from_where_the_tenant_keeps_them(
    database: Database,
    make_tenant: Callable[..., Tenant],
    loop: EventLoopThread,
    shop: Shop,
    tmp_path: Path,
) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    declared = {"Shop key": {"secret": f"file:{tmp_path}/key", "name": "X-Key"}}
    world = World(database, make_tenant(config={"credentials": declared}), loop)
    for kind, place in (("httpHeaderAuth", "x-key"), ("httpBearerAuth", "authorization"), ("httpQueryAuth", "")):
        access = {"authentication": "genericCredentialType", "genericAuthType": kind}
        run = world.run(ask(shop.url, parameters=access, credentials={kind: {"id": "1", "name": "Shop key"}}))
        assert run.status == "done", run.fault
        seen = shop.seen[-1]
        assert "s3cret" in (seen["headers"][place] if place else seen["query"]["X-Key"][0])
        assert "s3cret" not in str(world.workshop.runs.get(world.tenant.context, run.run_id))


def test_no_address_that_is_not_public_is_asked(
    database: Database, make_tenant: Callable[..., Tenant], loop: EventLoopThread, shop: Shop
) -> None:
    world = World(database, make_tenant(), loop, private=False)
    for url in (shop.url, shop.url.replace("127.0.0.1", "localhost"), "http://169.254.169.254/", "http://[::1]/"):
        run = world.run(ask(url))
        assert run.fault is not None
        assert run.fault.code == "address_not_allowed"
    assert shop.seen == []
