"""/tools: each call is checked, made once, kept, repeated, taken back and shown; bad input is refused by name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest
from apps_api_actions import *  # noqa: F403
from apps_api_actions import LIMIT, Counter, Hang, make_counter, pay
from apps_api_sockets import Desks
from fastapi.testclient import TestClient

from apps.api.actions_app import ActionBounds
from apps.api.app import Limits, create_app
from components.bootstrap import Workbench
from components.core.settings import Settings


def test_every_tool_is_told_with_what_holds_for_it(api: TestClient, counter: Counter) -> None:
    tools = {each["name"]: each for each in api.get("/tools", headers=counter.headers).json()["tools"]}
    assert (
        tools["pay"].items()
        >= {
            "side_effect": "money",
            "source": "built_in",
            "allowed": True,
            "approval": "above",
            "limit": LIMIT,
            "undoable": True,
        }.items()
    )
    assert tools["pay"]["input_schema"]["required"] == ["to", "amount"]
    assert not tools["hidden"]["allowed"]
    assert "create_ticket" in tools
    assert api.get("/tools", headers=counter.agents).json()["tools"] == list(tools.values())
    assert api.get("/tools").status_code == 401


def test_a_call_gives_its_result_and_is_kept_with_who_made_it(api: TestClient, counter: Counter) -> None:
    made = pay(api, counter.headers)
    assert made.status_code == 200, made.text
    told = made.json()
    assert (told["status"], told["result"], told["price"], told["caller"]["kind"]) == ("done", {"paid": 5}, 5, "api")
    by_agent = api.post("/tools/create_ticket/invoke", json={"subject": "Zip"}, headers=counter.agents).json()
    assert by_agent["caller"] == {"kind": "agent", "id": str(counter.agent.agent_id), "name": "Anna"}
    assert api.get(f"/tickets/{by_agent['result']['ticket_number']}", headers=counter.headers).status_code == 200
    assert api.get(f"/tools/invocations/{told['invocation_id']}", headers=counter.agents).json() == told
    listed = api.get("/tools/invocations", params={"tool": "pay"}, headers=counter.agents).json()["invocations"]
    assert [each["invocation_id"] for each in listed] == [told["invocation_id"]]
    everything = api.get("/tools/invocations", params={"status": "done"}, headers=counter.headers).json()
    assert [each["tool"] for each in everything["invocations"]] == ["create_ticket", "pay"]


def test_the_same_key_acts_once_also_at_once(api: TestClient, counter: Counter) -> None:
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(pay, api, counter.headers, 5, "one") for _ in range(8)]
        told = [each.result() for each in calls]
    assert {each.status_code for each in told} == {200}, [each.text for each in told]
    assert len({each.json()["invocation_id"] for each in told}) == 1
    assert sum(not each.json()["repeated"] for each in told) == 1
    assert counter.payments() == 1
    other = pay(api, counter.headers, 6, "one")
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    pay(api, counter.headers)
    pay(api, counter.headers)
    assert counter.payments() == 3


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"to": "ada"}, 422, "arguments.amount"),
        ({"to": "ada", "amount": 5, "extra": 1}, 422, "arguments.extra"),
        ({"to": 7, "amount": 5}, 422, "arguments.to"),
        ({"to": "\0", "amount": 5}, 422, "arguments"),
        ([1, 2], 422, "body"),
        ({"to": "x" * 1_000_000, "amount": 5}, 413, "body"),
    ],
)
def test_arguments_that_do_not_fit_are_named(
    api: TestClient, counter: Counter, body: Any, status: int, field: str
) -> None:
    refused = api.post("/tools/pay/invoke", json=body, headers=counter.headers)
    assert (refused.status_code, refused.json()["field"]) == (status, field)
    assert api.get("/tools/invocations", headers=counter.headers).json()["invocations"] == []


def test_a_tool_that_is_none_or_not_permitted_is_refused_by_name(api: TestClient, counter: Counter) -> None:
    unknown = api.post("/tools/pey/invoke", json={}, headers=counter.headers)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "tool_not_found")
    assert "did you mean pay?" in unknown.json()["detail"]
    hidden = api.post("/tools/hidden/invoke", json={}, headers=counter.headers)
    assert (hidden.status_code, hidden.json()["code"]) == (403, "tool_not_allowed")
    lost = api.get(f"/tools/invocations/{uuid4()}", headers=counter.headers)
    assert (lost.status_code, lost.json()["code"]) == (404, "not_found")


def test_a_dry_run_does_nothing_and_keeps_nothing(api: TestClient, counter: Counter) -> None:
    told = pay(api, counter.headers, LIMIT + 1, dry_run=True)
    assert told.status_code == 200
    assert (told.json()["dry_run"], told.json()["status"], told.json()["result"]) == (True, "waiting", {"paid": 51})
    assert told.json()["invocation_id"] is None
    assert counter.payments() == 0
    assert api.get("/tools/invocations", headers=counter.headers).json()["invocations"] == []
    remote = api.post("/tools/hang/invoke?dry_run=true", headers=counter.headers).json()
    assert remote["result"] == {"would_call": {"address": "nowhere"}}


def test_a_call_is_made_for_a_conversation_of_the_tenant_only(
    api: TestClient, acting: Workbench, counter: Counter
) -> None:
    own = Desks(acting, counter.customer.tenant).opened("Ada")
    made = pay(api, counter.headers, conversation_id=str(own)).json()
    assert made["conversation_id"] == str(own)
    found = api.get("/tools/invocations", params={"conversation_id": str(own)}, headers=counter.agents).json()
    assert [each["invocation_id"] for each in found["invocations"]] == [made["invocation_id"]]
    others = make_counter(acting)
    foreign = pay(api, others.headers, conversation_id=str(own))
    assert (foreign.status_code, others.payments()) == (404, 0)


def test_a_call_is_taken_back_once_and_replayed(api: TestClient, counter: Counter) -> None:
    made = pay(api, counter.headers).json()
    assert made["undoable"]
    path = f"/tools/invocations/{made['invocation_id']}"
    undone = api.post(f"{path}/undo", headers=counter.agents)
    assert (undone.status_code, undone.json()["tool"], undone.json()["result"]) == (200, "take_back", {"taken": 5})
    again = api.post(f"{path}/undo", headers=counter.agents).json()
    assert (again["invocation_id"], again["repeated"]) == (undone.json()["invocation_id"], True)
    stands = api.get(path, headers=counter.headers).json()
    assert (stands["undoable"], stands["undone_by"]) == (False, undone.json()["invocation_id"])
    refused = api.post(f"/tools/invocations/{undone.json()['invocation_id']}/undo", headers=counter.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "tool_refused")
    rehearsed = api.post(f"{path}/replay?dry_run=true", headers=counter.headers).json()
    assert (rehearsed["dry_run"], counter.payments()) == (True, 1)
    replayed = [
        api.post(f"{path}/replay", headers=counter.headers | {"Idempotency-Key": "again"}).json() for _ in range(2)
    ]
    assert replayed[0]["invocation_id"] == replayed[1]["invocation_id"] != made["invocation_id"]
    assert counter.payments() == 2


def test_another_tenants_calls_are_not_found(api: TestClient, acting: Workbench, counter: Counter) -> None:
    made = pay(api, counter.headers, key="one").json()
    others = make_counter(acting)
    path = f"/tools/invocations/{made['invocation_id']}"
    for headers in (others.headers, others.agents):
        assert api.get(path, headers=headers).status_code == 404
        assert api.post(f"{path}/undo", headers=headers).status_code == 404
        assert api.post(f"{path}/replay", headers=headers).status_code == 404
        assert api.get("/tools/invocations", headers=headers).json()["invocations"] == []
    assert not pay(api, others.headers, key="one").json()["repeated"]
    assert (counter.payments(), others.payments()) == (1, 1)


def test_a_tool_that_never_returns_holds_neither_the_api_nor_its_own_key(
    acting: Workbench, settings: Settings, hang: Hang, counter: Counter
) -> None:
    hurried = replace(acting, settings=settings.model_copy(update={"request_deadline": 1.0}))
    headers = counter.headers | {"Idempotency-Key": "hang"}
    limits = Limits(actions=ActionBounds(calls=1, waiting=0))
    with TestClient(create_app(hurried, limits)) as api:
        began = monotonic()
        late = api.post("/tools/hang/invoke", headers=headers)
        assert (late.status_code, late.json()["code"], "Retry-After" in late.headers) == (503, "unavailable", True)
        assert monotonic() - began < 5
        full = api.post("/tools/take_back/invoke", json={}, headers=counter.headers)
        assert (full.status_code, full.json()["code"]) == (503, "unavailable")
        assert api.get("/tools", headers=counter.headers).status_code == 200
        running = api.get("/tools/invocations?status=running", headers=counter.headers).json()["invocations"]
        assert [each["tool"] for each in running] == ["hang"]
        hang.let_go.set()
        end = monotonic() + 10
        while (asked := api.post("/tools/hang/invoke", headers=headers)).status_code == 503:
            assert monotonic() < end
            sleep(0.05)
    assert (asked.json()["result"], asked.json()["repeated"], hang.calls) == ({"returned": True}, True, 1)


def test_calls_of_one_tenant_that_hang_do_not_hold_up_anothers(
    acting: Workbench, settings: Settings, hang: Hang, counter: Counter
) -> None:
    others = make_counter(acting)
    hurried = replace(acting, settings=settings.model_copy(update={"request_deadline": 1.0}))
    hang.let_go.clear()
    with TestClient(create_app(hurried, Limits(actions=ActionBounds(calls=2, each=1)))) as api:
        assert api.post("/tools/hang/invoke", headers=counter.headers).status_code == 503
        assert pay(api, counter.headers).status_code == 503
        assert pay(api, others.headers).status_code == 200
        hang.let_go.set()
        end = monotonic() + 10
        while pay(api, counter.headers, key="one").status_code == 503:
            assert monotonic() < end
    assert (counter.payments(), others.payments()) == (1, 1)


def test_calls_are_counted_by_tool_and_status(api: TestClient, counter: Counter) -> None:
    def counted() -> dict[str, float]:
        lines = api.get("/metrics").text.splitlines()
        return {
            line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
            for line in lines
            if line.startswith("helpdesk_tool")
        }

    before = counted()
    for _ in range(2):
        pay(api, counter.headers, 5, "one")
    pay(api, counter.headers, LIMIT + 1)
    after = counted()
    for status in ("done", "waiting"):
        name = f'helpdesk_tool_calls_total{{side_effect="money",status="{status}",tool="pay"}}'
        assert after[name] == before.get(name, 0) + 1
    assert 'helpdesk_tool_call_duration_seconds_count{tool="pay"}' in after
