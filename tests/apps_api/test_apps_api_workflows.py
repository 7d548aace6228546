"""/workflows and /workflow-hooks: imported, run, drawn and called; bad ones refused by name, others' not found."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from apps_api_chat import begin
from apps_api_customers import Customer
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from components.bootstrap import Workbench
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

EXPORTS = Path(__file__).parents[1] / "agents" / "workflows"
ANYTHING = {"type": "object"}


class Pay:
    """A tool whose every call a person is asked about."""

    spec = ToolSpec("pay_for_tests", "Pays.", ANYTHING, ANYTHING, "money", permitted=True)

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return Decimal(10)

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        return ToolOutcome({"paid": use.arguments})


@dataclass(frozen=True)
class Shop:
    customer: Customer
    client: TestClient

    @property
    def domain(self) -> str:
        return self.customer.tenant.domain

    def take(self, document: Any, name: str = "") -> Any:
        text = document if isinstance(document, str) else json.dumps(document)
        headers = self.customer.headers | {"Content-Type": "application/json"}
        return self.client.post("/workflows", params={"name": name}, content=text, headers=headers)

    def get(self, path: str) -> Any:
        return self.client.get(path, headers=self.customer.headers)

    def run(self, name: str, given: dict[str, Any], key: str | None = None, wait: float = 10) -> Any:
        headers = self.customer.headers | ({} if key is None else {"Idempotency-Key": key})
        return self.client.post(f"/workflows/{name}/run", params={"wait": wait}, json=given, headers=headers)


@pytest.fixture(scope="module", autouse=True)
def _tools(workbench: Workbench) -> None:
    workbench.actions.tools.add(Pay())


@pytest.fixture
def make_shop(workbench: Workbench, client: TestClient) -> Callable[..., Shop]:
    def make(**config: Any) -> Shop:
        tenant = workbench.tenants.create("Shop", f"flows-{uuid4().hex[:12]}.example", config)
        return Shop(Customer(tenant, workbench.api_keys.issue(tenant.context, "tests").key), client)

    return make


@pytest.fixture
def own(make_shop: Callable[..., Shop]) -> Shop:
    return make_shop()


def tool(name: str, **arguments: Any) -> dict[str, Any]:
    parameters = {"tool": name, "input": arguments}
    return {"name": name, "type": "ToolInvoker", "parameters": parameters}


def test_a_workflow_is_imported_run_once_for_its_key_and_drawn(own: Shop) -> None:
    document = {"nodes": [tool("create_ticket", subject="{{ $json.subject }}")], "connections": {}}
    taken = own.take("/* ours */ " + json.dumps(document), "open a ticket")
    assert (taken.status_code, taken.json()["version"], taken.json()["problems"]) == (201, 1, [])
    assert own.take(document, "open a ticket").json()["version"] == 1
    first, again = (own.run("open a ticket", {"subject": "Zip"}, "k").json() for _ in range(2))
    assert first == again
    assert (first["status"], first["kind"], first["name"]) == ("done", "workflow", "open a ticket")
    number = first["result"]["json"]["ticket_number"]
    assert own.get(f"/tickets/{number}").json()["subject"] == "Zip"
    assert own.run("open a ticket", {"subject": "Other"}, "k").json()["code"] == "key_reused"

    picture = own.get(f"/runs/{first['run_id']}/graph")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    drawn = ElementTree.fromstring(picture.text)
    assert drawn.attrib["role"] == "img"
    told = " ".join(drawn.itertext())
    assert "Workflow open a ticket, done" in told
    assert "create_ticket: done" in told
    assert "script" not in {each.tag.rpartition("}")[2] for each in drawn.iter()}
    steps = own.get(f"/runs/{first['run_id']}").json()["steps"]
    assert [(step["name"], step["status"]) for step in steps] == [("create_ticket", "done")]


def test_every_tenant_has_the_shipped_refund_workflow_until_it_takes_the_name(own: Shop) -> None:
    assert [(each["name"], each["version"]) for each in own.get("/workflows").json()["workflows"]] == [("refund", 0)]
    shipped = own.get("/workflows/refund").json()
    assert [node["name"] for node in shipped["document"]["nodes"]] == ["Start", "Create Ticket", "Notify User"]
    assert own.take({"nodes": [tool("create_ticket", subject="x")]}, "refund").json()["version"] == 1
    assert own.get("/workflows/refund").json()["nodes"] == 1
    assert own.client.delete("/workflows/refund", headers=own.customer.headers).status_code == 204
    assert own.get("/workflows/refund").json()["version"] == 0
    assert own.client.delete("/workflows/refund", headers=own.customer.headers).status_code == 404


def test_a_goal_and_what_follows_it_run_as_one_workflow(own: Shop) -> None:
    document = own.get("/workflows/refund").json()["document"]
    own.take({**document, "nodes": document["nodes"][:2]}, "refund")
    run = own.run("refund", {"order_number": "NT-1", "reason": "It leaks"}).json()
    assert run["status"] == "done", run
    assert "NT-1" in own.get(f"/tickets/{run['result']['json']['ticket_number']}").json()["subject"]


def test_a_run_waits_for_a_person_and_says_so(own: Shop, workbench: Workbench) -> None:
    own.take({"nodes": [tool("pay_for_tests", to="{{ $json.to }}")]}, "pay")
    waiting = own.run("pay", {"to": "Ada"})
    assert (waiting.status_code, waiting.json()["status"]) == (202, "waiting")
    path = f"/runs/{waiting.json()['run_id']}"
    assert "pay_for_tests: waiting" in own.get(f"{path}/graph").text
    tenant = own.customer.tenant.context
    (asked,) = workbench.actions.approvals.search(tenant, status="pending")
    workbench.actions.approvals.decide(tenant, asked.approval_id, approve=True, agent_id=None)
    until = time.monotonic() + 30
    while own.get(path).json()["status"] != "done":
        assert time.monotonic() < until, "it did not go on"
        time.sleep(0.05)
    assert own.get(path).json()["result"]["json"] == {"paid": {"to": "Ada"}}


def test_what_cannot_run_is_refused_with_all_that_is_wrong(own: Shop) -> None:
    text = (EXPORTS / "unsupported.json").read_text()
    refused = own.take(text)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_workflow")
    verdict = own.client.post("/workflows/x/validate", content=text, headers=own.customer.headers).json()
    assert not verdict["valid"]
    assert {each["node"] for each in verdict["problems"]} == {"Code", "Gmail", "Ask", "Set", "Tool"}
    told = " ".join(each["message"] for each in verdict["problems"])
    for part in ("credentials of type gmailOAuth2", "'Shop key'", "crete_ticket", "process is outside"):
        assert part in told
    assert own.client.post("/workflows/refund/validate", headers=own.customer.headers).status_code == 200
    for document, why in (
        ("[1]", "no JSON object"),
        ('{"nodes": [', "no JSON: Expecting value at line 1, column 12"),
        ('{"nodes": []}', "1 to 200 nodes"),
        (json.dumps({"nodes": [tool("a")] * 2}), "two nodes have this name"),
        (json.dumps({"nodes": [tool("a")], "connections": {"b": {}}}), "connections begin at 'b'"),
        ("\ud800".encode(errors="surrogatepass"), "no UTF-8"),
    ):
        answer = own.client.post("/workflows?name=x", content=document, headers=own.customer.headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_workflow"), answer.text
        assert why in answer.json()["detail"]
    assert own.take({"nodes": [tool("a")]}, "../x").status_code == 422
    assert own.take("x" * 3_000_000, "x").status_code == 413
    assert own.run("nothing", {}).status_code == 404


def test_a_tenant_does_not_reach_what_is_anothers(own: Shop, make_shop: Callable[..., Shop]) -> None:
    other = make_shop()
    hook = {"name": "In", "type": "n8n-nodes-base.webhook", "parameters": {"path": "in", "httpMethod": "POST"}}
    own.take({"nodes": [hook]}, "mine")
    run = own.run("mine", {}).json()
    assert other.get("/workflows/mine").status_code == 404
    assert other.run("mine", {}).status_code == 404
    assert other.get(f"/runs/{run['run_id']}/graph").status_code == 404
    assert other.client.delete("/workflows/mine", headers=other.customer.headers).status_code == 404
    assert own.client.post(f"/workflow-hooks/{other.domain}/in").status_code == 404
    assert other.take({"nodes": [hook]}, "mine").json()["version"] == 1
    assert own.client.get("/workflows").status_code == 401


def without_the_shop() -> dict[str, Any]:
    """hook.json, with a node that knows by itself what its HTTP Request asks."""
    document: dict[str, Any] = json.loads((EXPORTS / "hook.json").read_text())
    knows = {"mode": "raw", "jsonOutput": "={{ { state: $json.body.state.toLowerCase() } }}", "options": {}}
    for node in document["nodes"]:
        if node["name"] == "Ask the shop":
            node |= {"type": "n8n-nodes-base.set", "typeVersion": 3.4, "parameters": knows}
    return document


@pytest.mark.parametrize(
    ("state", "status", "told"),
    [("Open", 201, '{"state":"open","number":7}'), ("Sent", 200, "It is sent."), ("Lost", 200, ""), (7, 502, "failed")],
)
def test_a_call_from_outside_is_answered_as_the_workflow_says(own: Shop, state: Any, status: int, told: str) -> None:
    assert own.take(without_the_shop()).status_code == 201
    url = f"/workflow-hooks/{own.domain}/orders/new?tag=b"
    for attempt in ("1", "2"):
        headers = {"Idempotency-Key": "once", "Authorization": "Bearer not kept", "X-Try": attempt}
        answer = own.client.post(url, json={"state": state, "number": 7}, headers=headers)
        assert answer.status_code == status, answer.text
        assert told in answer.text
    (run,) = own.get("/runs?kind=workflow").json()["runs"]
    assert "not kept" not in json.dumps(own.get(f"/runs/{run['run_id']}").json())
    assert own.client.get(url).status_code == 404


def test_addresses_that_are_not_public_are_not_called(own: Shop) -> None:
    own.take((EXPORTS / "hook.json").read_text())
    for shop in ("http://127.0.0.1:1", "http://169.254.169.254", "http://localhost:1", "file:///etc", "http://[::1]:9"):
        answer = own.client.post(f"/workflow-hooks/{own.domain}/orders/new", json={"shop": shop, "number": 7})
        assert answer.status_code == 502, answer.text
        assert "not public" in answer.text or "http:// or https://" in answer.text


@pytest.mark.parametrize("kind", ["headerAuth", "basicAuth"])
def test_a_hook_with_credentials_lets_in_who_has_them(
    make_shop: Callable[..., Shop], tmp_path: Path, kind: str
) -> None:
    (tmp_path / "secret").write_text("open sesame\n")
    own = make_shop(credentials={"Hook key": {"secret": f"file:{tmp_path}/secret", "name": "X-Hook", "user": "ada"}})
    parameters = {"path": "in", "httpMethod": "GET", "responseMode": "lastNode", "authentication": kind}
    hook = {"name": "In", "type": "n8n-nodes-base.webhook", "parameters": parameters}
    named = {"httpHeaderAuth" if kind == "headerAuth" else "httpBasicAuth": {"id": "1", "name": "Hook key"}}
    assert own.take({"nodes": [{**hook, "credentials": named}]}, "in").json()["problems"] == []
    url = f"/workflow-hooks/{own.domain}/in?a=1"
    assert own.client.get(url).status_code == 401
    for secret, status in (("wrong", 401), ("open sesame", 200)):
        headers = {"X-Hook": secret} if kind == "headerAuth" else {}
        answer = own.client.get(url, headers=headers, auth=None if headers else ("ada", secret))
        assert answer.status_code == status
    assert answer.json()["query"] == {"a": "1"}
    assert "sesame" not in answer.text


@given(raw=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_are_a_fault(client: TestClient, shop: Customer, raw: bytes) -> None:
    for path in ("/workflows?name=x", "/workflows/x/validate", "/workflows/x/run"):
        response = client.post(path, content=raw, headers=shop.headers)
        assert response.status_code in (201, 200, 202, 400, 404, 415, 422), response.text


def test_the_printed_refund_runs_with_the_real_tools_in_a_customers_conversation(own: Shop) -> None:
    chatter = begin(own.client, own.domain)
    started = own.client.post(
        "/workflows/refund/run",
        params={"wait": 10, "conversation_id": chatter.session},
        json={"order_number": "NT-1", "reason": "It leaks"},
        headers=own.customer.headers,
    )
    run = started.json()
    assert run["status"] == "done", run
    ticket = own.get("/tickets?q=NT-1").json()["tickets"][0]
    nodes = run["result"]["nodes"]
    assert nodes["Create Ticket"]["ticket_number"] == ticket["number"]
    assert nodes["Notify User"]["conversation_id"] == chatter.session
    assert nodes["Notify User"]["message"] in chatter.read()["messages"][-1]["text"]
    assert str(ticket["number"]) in nodes["Notify User"]["message"]
    calls = own.get(f"/tools/invocations?run_id={run['run_id']}").json()["invocations"]
    assert sorted(call["tool"] for call in calls) == ["create_ticket", "notify_user"]
