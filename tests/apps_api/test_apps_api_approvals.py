"""/approvals: what a program asked for waits, an agent decides, and the call is made once, or never."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import monotonic, sleep
from typing import Any
from uuid import UUID, uuid4

import pytest
from apps_api_actions import *  # noqa: F403
from apps_api_actions import CONFIG, LIMIT, Counter, Hang, make_counter, pay
from apps_api_serving import running
from apps_api_sockets import Desks, line
from fastapi.testclient import TestClient
from sqlalchemy import update

from apps.api.app import create_app
from components.bootstrap import Workbench
from components.core.settings import Settings
from components.database.tables import ApprovalRow
from components.tools.tool import Caller

MUCH = LIMIT + 10


def eventually(true: Callable[[], bool], within: float = 15.0) -> None:
    end = monotonic() + within
    while not true():
        assert monotonic() < end, "it did not become true in time"
        sleep(0.05)


def asked(api: TestClient, counter: Counter, **params: Any) -> dict[str, Any]:
    """A call that waits."""
    response = pay(api, counter.headers, MUCH, **params)
    assert response.status_code == 202, response.text
    call: dict[str, Any] = response.json()
    assert (call["status"], call["result"]) == ("waiting", None)
    return call


def decide(api: TestClient, call: dict[str, Any], headers: dict[str, str], decision: str, comment: str = "") -> Any:
    body = {"decision": decision, "comment": comment}
    return api.post(f"/approvals/{call['approval_id']}", json=body, headers=headers)


def stands(api: TestClient, counter: Counter, call: dict[str, Any]) -> str:
    told = api.get(f"/tools/invocations/{call['invocation_id']}", headers=counter.headers).json()
    status: str = told["status"]
    return status


def test_what_waits_says_what_would_be_done_for_whom_and_why(
    api: TestClient, acting: Workbench, counter: Counter
) -> None:
    conversation = Desks(acting, counter.customer.tenant).opened("Ada")
    call = asked(api, counter, conversation_id=str(conversation))
    for headers in (counter.headers, counter.agents):
        (pending,) = api.get("/approvals?status=pending", headers=headers).json()["approvals"]
        assert pending["approval_id"] == call["approval_id"]
        assert (pending["customer"], pending["limit"]) == ({"name": "Ada"}, LIMIT)
        assert pending["description"] == "Pays an amount back to the customer."
        assert pending["reason"] == "60.00 is more than the 50.00 that are allowed without approval"
        assert (pending["invocation"]["price"], pending["invocation"]["arguments"]["to"]) == (MUCH, "ada")
        assert pending["requested_at"] < pending["expires_at"]
        assert api.get(f"/approvals/{call['approval_id']}", headers=headers).json() == pending
    assert counter.payments() == 0


def test_an_approved_call_is_made_at_once_and_once(api: TestClient, counter: Counter) -> None:
    call = asked(api, counter, key="one")
    approved = decide(api, call, counter.agents, "approve", "they are right")
    assert approved.status_code == 200, approved.text
    told = approved.json()
    assert (told["status"], told["decided_by_name"], told["comment"]) == ("approved", "Anna", "they are right")
    assert (told["invocation"]["status"], told["invocation"]["result"]) == ("done", {"paid": MUCH})
    assert decide(api, call, counter.agents, "approve").json() == told
    assert pay(api, counter.headers, MUCH, "one").json()["result"] == {"paid": MUCH}
    assert counter.payments() == 1
    assert api.get("/approvals?status=pending", headers=counter.agents).json()["approvals"] == []


def test_a_refused_call_is_never_made(api: TestClient, counter: Counter) -> None:
    call = asked(api, counter, key="one")
    refused = decide(api, call, counter.agents, "refuse", "not ours").json()
    assert (refused["status"], refused["invocation"]["status"]) == ("refused", "refused")
    late = decide(api, call, counter.agents, "approve")
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    again = pay(api, counter.headers, MUCH, "one")
    assert (again.status_code, again.json()["code"]) == (409, "tool_refused")
    assert "a person refused it: not ours" in again.json()["detail"]
    assert counter.payments() == 0


def test_of_two_who_decide_at_once_one_is_heard_and_the_call_is_made_once(api: TestClient, counter: Counter) -> None:
    for decisions in (("approve", "refuse"), ("approve", "approve")):
        before, call = counter.payments(), asked(api, counter)
        with ThreadPoolExecutor(2) as threads:
            told = list(threads.map(lambda each: decide(api, call, counter.agents, each), decisions))  # noqa: B023
        ended = stands(api, counter, call)
        assert ended in ("done", "refused")
        assert sorted(each.status_code for each in told) == ([200, 409] if len(set(decisions)) == 2 else [200, 200])
        assert counter.payments() - before == (ended == "done")


def test_only_the_tenants_agents_decide(api: TestClient, acting: Workbench, counter: Counter) -> None:
    call, others = asked(api, counter), make_counter(acting)
    assert decide(api, call, counter.headers, "approve").status_code == 401
    assert decide(api, call, others.agents, "approve").status_code == 404
    assert api.get(f"/approvals/{call['approval_id']}", headers=others.agents).status_code == 404
    assert api.get("/approvals", headers=others.headers).json()["approvals"] == []
    assert (stands(api, counter, call), counter.payments()) == ("waiting", 0)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "maybe"}, "decision"),
        ({}, "decision"),
        ({"decision": "approve", "comment": "x" * 2001}, "comment"),
        ({"decision": "approve", "extra": 1}, "extra"),
    ],
)
def test_a_decision_that_is_none_is_refused_by_name(
    api: TestClient, counter: Counter, body: dict[str, Any], field: str
) -> None:
    call = asked(api, counter)
    refused = api.post(f"/approvals/{call['approval_id']}", json=body, headers=counter.agents)
    assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert stands(api, counter, call) == "waiting"


def test_a_decision_whose_process_died_before_the_call_is_seen_to(
    api: TestClient, acting: Workbench, counter: Counter
) -> None:
    call = asked(api, counter)
    acting.actions.approvals.decide(
        counter.customer.tenant.context, UUID(call["approval_id"]), approve=True, agent_id=counter.agent.agent_id
    )
    eventually(lambda: stands(api, counter, call) == "done")
    assert counter.payments() == 1


def test_what_nobody_decides_in_time_is_refused(api: TestClient, acting: Workbench, counter: Counter) -> None:
    call = asked(api, counter)
    with acting.database.tenant(counter.customer.tenant.context) as session:
        session.execute(update(ApprovalRow).values(expires_at=ApprovalRow.requested_at))
    eventually(lambda: stands(api, counter, call) == "refused")
    late = decide(api, call, counter.agents, "approve")
    assert (late.status_code, counter.payments()) == (409, 0)
    told = api.get(f"/approvals/{call['approval_id']}", headers=counter.agents).json()
    assert (told["status"], told["decided_by"]) == ("expired", None)


def test_a_call_that_is_permitted_no_more_ends_when_it_is_approved(
    api: TestClient, acting: Workbench, counter: Counter
) -> None:
    call = asked(api, counter)
    acting.tenants.update_config(counter.customer.tenant.tenant_id, {**CONFIG, "tools": {"pay": {"allowed": False}}})
    told = decide(api, call, counter.agents, "approve").json()
    assert (told["invocation"]["status"], told["invocation"]["failure"]["code"]) == ("failed", "tool_not_allowed")
    assert counter.payments() == 0


def test_an_approved_call_that_takes_long_goes_on_by_itself(
    acting: Workbench, settings: Settings, hang: Hang, counter: Counter
) -> None:
    tenant = counter.customer.tenant
    acting.tenants.update_config(tenant.tenant_id, {"tools": {"hang": {"approval": "always", "timeout": 120}}})
    hurried = replace(acting, settings=settings.model_copy(update={"request_deadline": 1.0}))
    with TestClient(create_app(hurried)) as api:
        call = api.post("/tools/hang/invoke", headers=counter.headers).json()
        told = decide(api, call, counter.agents, "approve")
        assert (told.status_code, told.json()["status"]) == (200, "approved")
        assert told.json()["invocation"]["status"] == "running"
        hang.let_go.set()
        eventually(lambda: stands(api, counter, call) == "done")
    assert hang.calls == 1


def test_a_call_of_a_run_is_left_to_its_run(api: TestClient, acting: Workbench, counter: Counter) -> None:
    tenant, actions = counter.customer.tenant, acting.actions
    run_id = uuid4()
    waits = actions.tools.invoke(
        tenant, "pay", {"to": "ada", "amount": MUCH}, Caller("orchestrator", str(run_id)), key="run", run_id=run_id
    )
    call = {"approval_id": waits.approval_id, "invocation_id": waits.invocation_id}
    told = decide(api, call, counter.agents, "approve").json()
    assert (told["status"], told["invocation"]["status"], counter.payments()) == ("approved", "waiting", 0)


def test_an_undo_that_was_approved_marks_what_it_took_back(
    api: TestClient, acting: Workbench, counter: Counter
) -> None:
    acting.tenants.update_config(
        counter.customer.tenant.tenant_id, {**CONFIG, "tools": {"take_back": {"approval": "always"}}}
    )
    paid = pay(api, counter.headers).json()
    call = api.post(f"/tools/invocations/{paid['invocation_id']}/undo", headers=counter.headers)
    assert call.status_code == 202
    decide(api, call.json(), counter.agents, "approve")
    told = api.get(f"/tools/invocations/{paid['invocation_id']}", headers=counter.headers).json()
    assert (told["undone_by"], told["undoable"]) == (call.json()["invocation_id"], False)


def test_the_tenants_agents_hear_of_it_and_nobody_else(acting: Workbench, counter: Counter) -> None:
    own, others = Desks(acting, counter.customer.tenant), Desks(acting, make_counter(acting).customer.tenant)

    async def listen(url: str) -> None:
        tenant, tools = counter.customer.tenant, acting.actions.tools
        session = own.opened("Ada")
        async with (
            line(url, own.agents_auth(own.agent())) as anna,
            line(url, own.agents_auth(own.agent("Ben"))) as ben,
            line(url, others.agents_auth(others.agent())) as stranger,
            line(url, own.customers_auth(session)) as customer,
        ):
            for each in (anna, ben, stranger):
                await each.done("presence", presence="online")
            await asyncio.sleep(0.3)
            for each in (anna, ben, stranger, customer):
                each.told.clear()
            waits = await asyncio.to_thread(
                tools.invoke, tenant, "pay", {"to": "ada", "amount": MUCH}, Caller("api"), key=uuid4().hex
            )
            for each in (anna, ben):
                assert await each.heard("approvals") == {"tenant_id": str(tenant.tenant_id)}
            await asyncio.sleep(0.3)
            anna.told.clear()
            assert waits.approval_id is not None
            decide = acting.actions.approvals.decide
            await asyncio.to_thread(decide, tenant.context, waits.approval_id, approve=True, agent_id=None)
            # Whoever reads at each event has seen the call made after the last of them.
            heard = 0
            while (await asyncio.to_thread(tools.invocation, tenant, waits.invocation_id)).status != "done":
                await anna.until(lambda: len(anna.all("approvals")) > heard)  # noqa: B023
                heard = len(anna.all("approvals"))
            assert stranger.all("approvals") == customer.all("approvals") == []

    with running(acting) as url:
        asyncio.run(listen(url))
