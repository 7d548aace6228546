"""/orchestrator/runs and /runs: goals begun once, waited for, followed, cancelled; nothing of another tenant's."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from apps_api_customers import Customer
from fastapi.testclient import TestClient

from apps.api.run_events import RunTold
from components.agents.plans.library import tool_schemas
from components.bootstrap import Workbench

GREET = """\
goal: Greet
needs:
  subject: {type: string}
steps:
  - id: ticket
    tool: create_ticket
    arguments: {subject: "{{ subject }}"}
  - id: second
    tool: create_ticket
    arguments: {subject: "{{ subject }} again"}
result:
  number: "{{ results.ticket.ticket_number }}"
"""
MakeCaller = Callable[..., Customer]


@pytest.fixture
def make_caller(workbench: Workbench) -> MakeCaller:
    """`make_caller(**config)`: a tenant with the plan above, and its key."""

    def make(**config: Any) -> Customer:
        tenant = workbench.tenants.create("Runs", f"runs-{uuid4().hex[:12]}.example", config)
        tools = tool_schemas(workbench.actions.tools, tenant)
        workbench.actions.plans.save(tenant.context, "greet", GREET, author="tests", tools=tools)
        return Customer(tenant, workbench.api_keys.issue(tenant.context, "tests").key)

    return make


@pytest.fixture
def caller(make_caller: MakeCaller) -> Customer:
    return make_caller()


def begin(client: TestClient, caller: Customer, *, key: str = "", wait: float = 10, **body: Any) -> Any:
    headers = caller.headers | ({"Idempotency-Key": key} if key else {})
    goal = {"goal": "Greet", "context": {"subject": "Hello"}, **body}
    return client.post("/orchestrator/runs", params={"wait": wait}, json=goal, headers=headers)


def events_of(text: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(event, id, data) of each event of a stream."""
    told = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if fields:
            told.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
    return told


def test_a_goal_is_reached_while_its_caller_waits(client: TestClient, caller: Customer) -> None:
    response = begin(client, caller, key="k")
    run = response.json()
    assert (response.status_code, run["status"], run["kind"]) == (200, "done", "goal"), response.text
    assert (run["result"]["number"], run["caller"], run["error"]) == (1, "api", None)
    assert response.headers["Location"] == f"/runs/{run['run_id']}"
    read = client.get(response.headers["Location"], headers=caller.headers).json()
    assert [(step["name"], step["kind"], step["status"]) for step in read["steps"]] == [
        ("way", "choice", "done"),
        ("ticket", "tool", "done"),
        ("second", "tool", "done"),
    ]
    assert begin(client, caller, key="k").json() == run
    assert client.get("/runs", headers=caller.headers).json()["runs"] == [run]
    assert client.get("/runs", params={"status": "failed"}, headers=caller.headers).json() == {"runs": []}
    tickets = client.get("/tickets", headers=caller.headers).json()["tickets"]
    assert [each["subject"] for each in tickets] == ["Hello again", "Hello"]


def test_a_goal_goes_on_by_itself_where_nobody_waits(client: TestClient, caller: Customer) -> None:
    response = begin(client, caller, wait=0)
    assert (response.status_code, response.json()["status"]) == (202, "running")
    path, until = f"/runs/{response.json()['run_id']}", time.monotonic() + 30
    while client.get(path, headers=caller.headers).json()["status"] != "done":
        assert time.monotonic() < until, "it did not go on"
        time.sleep(0.05)


def test_what_waits_for_a_person_is_202_and_ends_after_them(
    client: TestClient, make_caller: MakeCaller, workbench: Workbench
) -> None:
    caller = make_caller(tools={"create_ticket": {"approval": "always"}})
    response = begin(client, caller, key="k")
    assert (response.status_code, response.json()["status"]) == (202, "waiting")
    actions = workbench.actions
    for _ in range(2):
        (pending,) = actions.approvals.search(caller.tenant.context, status="pending")
        actions.approvals.decide(caller.tenant.context, pending.approval_id, approve=True, agent_id=uuid4())
        response = begin(client, caller, key="k")
    assert (response.status_code, response.json()["status"]) == (200, "done")


def test_an_agent_begins_a_goal_as_an_agent(client: TestClient, caller: Customer, workbench: Workbench) -> None:
    agent = workbench.agents.create(
        caller.tenant.context, email="anna@example.com", name="Anna", password="correct horse battery"
    )
    token, _ = workbench.agent_tokens.issue(caller.tenant.context, agent.agent_id)
    body = {"goal": "Greet", "context": {"subject": "Hello"}}
    response = client.post("/orchestrator/runs", json=body, headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["caller"]) == (202, "agent")


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"goal": "Paint the house"}, 422, "invalid_input", "goal"),
        ({"context": {}}, 422, "invalid_input", "subject"),
        ({"context": {"subject": 7}}, 422, "invalid_input", "subject"),
        ({"context": [1]}, 422, "invalid_input", "context"),
        ({"goal": ""}, 422, "invalid_input", "goal"),
        ({"plan": "no such plan"}, 404, "not_found", "plan"),
        ({"more": 1}, 422, "invalid_input", "more"),
    ],
)
def test_a_goal_that_cannot_be_begun_is_refused_by_the_field(
    client: TestClient, caller: Customer, body: dict[str, Any], status: int, code: str, field: str
) -> None:
    response = begin(client, caller, **body)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert field in json.dumps(response.json())
    assert client.get("/runs", headers=caller.headers).json() == {"runs": []}


def test_a_key_stands_for_one_goal_and_what_it_was_given(client: TestClient, caller: Customer) -> None:
    begin(client, caller, key="k")
    other = begin(client, caller, key="k", context={"subject": "Other"})
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")


def test_waits_and_limits_that_are_not_allowed_are_refused(client: TestClient, caller: Customer) -> None:
    for wait in (-1, 61, "nan", "soon"):
        assert begin(client, caller, wait=wait).status_code == 422  # type: ignore[arg-type]
    for query in ({"limit": 0}, {"limit": 201}, {"kind": "job"}, {"status": "gone"}):
        assert client.get("/runs", params=query, headers=caller.headers).status_code == 422
    assert client.get("/runs/seven", headers=caller.headers).status_code == 422


def test_a_run_is_cancelled_once(client: TestClient, make_caller: MakeCaller, workbench: Workbench) -> None:
    caller = make_caller(tools={"create_ticket": {"approval": "always"}})
    path = f"/runs/{begin(client, caller).json()['run_id']}"
    assert client.post(f"{path}/cancel", headers=caller.headers).json()["status"] == "cancelled"
    again = client.post(f"{path}/cancel", headers=caller.headers)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert not workbench.actions.workshop.work(caller.tenant.context, time.monotonic() + 1)
    assert client.get("/tickets", headers=caller.headers).json()["tickets"] == []


def test_a_run_is_followed_from_the_event_that_a_reader_has(client: TestClient, caller: Customer) -> None:
    run = begin(client, caller).json()
    path = f"/runs/{run['run_id']}/events"
    told = events_of(client.get(path, headers=caller.headers).text)
    assert [(event, number) for event, number, _ in told] == [
        *(("step", str(number)) for number in range(1, 7)),
        ("run", "7"),
    ]
    assert told[-1][2] == run
    rest = events_of(client.get(path, headers=caller.headers | {"Last-Event-ID": "4"}).text)
    assert [number for _, number, _ in rest] == ["5", "6", "7"]
    wrong = client.get(path, headers=caller.headers | {"Last-Event-ID": "x"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "Last-Event-ID")


def test_a_run_is_followed_while_it_goes_on(url: str, make_caller: MakeCaller, workbench: Workbench) -> None:
    import httpx

    caller, approvals = make_caller(tools={"create_ticket": {"approval": "always"}}), workbench.actions.approvals

    def approve() -> None:
        decided, until = 0, time.monotonic() + 20
        while decided < 2 and time.monotonic() < until:
            for each in approvals.search(caller.tenant.context, status="pending"):
                approvals.decide(caller.tenant.context, each.approval_id, approve=True, agent_id=uuid4())
                decided += 1
            time.sleep(0.2)

    with httpx.Client(base_url=url, headers=caller.headers, timeout=20) as http:
        body = {"goal": "Greet", "context": {"subject": "Hello"}}
        run_id = http.post("/orchestrator/runs", json=body).json()["run_id"]
        worked = threading.Timer(0.5, approve)
        worked.start()
        with http.stream("GET", f"/runs/{run_id}/events") as stream:
            text = "".join(stream.iter_text())
        worked.join()
    told = events_of(text)
    statuses = [data["status"] for event, _, data in told if event == "run"]
    assert statuses[0] in ("running", "waiting")
    assert statuses[-1] == "done"
    assert [number for _, number, _ in told if number] == [str(number) for number in range(1, 8)]


def test_no_tenant_reaches_anothers_runs(client: TestClient, caller: Customer, make_caller: MakeCaller) -> None:
    other = make_caller()
    path = f"/runs/{begin(client, caller).json()['run_id']}"
    for method, below in (("GET", ""), ("POST", "/cancel"), ("GET", "/events")):
        response = client.request(method, path + below, headers=other.headers)
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert client.get("/runs", headers=other.headers).json() == {"runs": []}
    for method, route in (("GET", path), ("GET", "/runs"), ("POST", "/orchestrator/runs")):
        assert client.request(method, route, json={"goal": "Greet"}).status_code == 401


def test_what_was_told_is_not_told_again(client: TestClient, caller: Customer, workbench: Workbench) -> None:
    run_id = begin(client, caller).json()["run_id"]
    run, steps = workbench.actions.workshop.runs.get(caller.tenant.context, run_id)
    told = RunTold()

    def numbers(news: Iterator[bytes]) -> list[str]:
        return [number for _, number, _ in events_of(b"".join(news).decode())]

    assert numbers(told.news(run, steps[:1])) == ["1", "2", "3"]
    assert numbers(told.news(run, steps)) == ["3", "4", "5", "6"]
    assert numbers(told.news(run, steps)) == []
