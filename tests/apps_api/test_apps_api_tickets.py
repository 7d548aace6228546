"""/tickets: the same for a tenant's program and its agents, nothing for anybody else, bad input refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from apps_api_customers import Customer
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from components.bootstrap import Workbench
from tests.staff import hired

CONFIG = {
    "slas": {"high": {"first_response": 60, "resolution": 480}},
    "handover": {"teams": ["billing", "returns"]},
}


@dataclass(frozen=True)
class Desk:
    """A tenant with an agent. headers: of its key. agents: of the agent's token."""

    customer: Customer
    agent_id: str
    agents: Mapping[str, str]

    @property
    def headers(self) -> dict[str, str]:
        return self.customer.headers


@pytest.fixture
def make_desk(workbench: Workbench) -> Callable[[], Desk]:
    def make() -> Desk:
        tenant = workbench.tenants.create("Desk", f"desk-{uuid4().hex[:12]}.example", CONFIG)
        agent = hired(workbench.database, tenant.context, "Anna")
        token, _ = workbench.agent_tokens.issue(tenant.context, agent.agent_id)
        customer = Customer(tenant, workbench.api_keys.issue(tenant.context, "tests").key)
        return Desk(customer, str(agent.agent_id), {"Authorization": f"Bearer {token}"})

    return make


@pytest.fixture
def desk(make_desk: Callable[[], Desk]) -> Desk:
    return make_desk()


def opened(client: TestClient, desk: Desk, subject: str = "Zip", **more: Any) -> dict[str, Any]:
    response = client.post("/tickets", json={"subject": subject, **more}, headers=desk.headers)
    assert response.status_code == 201, response.text
    ticket: dict[str, Any] = response.json()
    return ticket


def test_a_program_opens_a_ticket_and_an_agent_works_on_it(client: TestClient, desk: Desk) -> None:
    response = client.post(
        "/tickets",
        json={
            "subject": "The zip is broken",
            "description": "It came off.",
            "priority": "high",
            "requester": {"name": "Ada", "email": "ada@example.com"},
            "tags": ["vip"],
        },
        headers=desk.headers,
    )
    ticket = response.json()
    assert (response.status_code, response.headers["Location"]) == (201, f"/tickets/{ticket['ticket_id']}")
    assert (ticket["number"], ticket["status"], ticket["first_response"]["state"]) == (1, "open", "running")
    path = f"/tickets/{ticket['number']}"
    taken = client.patch(path, json={"assigned_to": desk.agent_id, "team": "returns"}, headers=desk.agents).json()
    assert (taken["assigned_to"], taken["team"], taken["version"]) == (desk.agent_id, "returns", 2)
    noted = client.post(f"{path}/comments", json={"text": "Ask the workshop"}, headers=desk.agents)
    assert (noted.status_code, noted.json()["first_response"]["met_at"]) == (201, None)
    said = client.post(f"{path}/comments", json={"text": "Hello Ada!", "public": True}, headers=desk.agents).json()
    assert (said["first_response"]["state"], said["resolution"]["state"]) == ("met", "running")
    done = client.patch(path, json={"status": "resolved"}, headers=desk.agents).json()
    assert (done["status"], done["resolution"]["state"]) == ("resolved", "met")
    told = client.get(f"/tickets/{ticket['ticket_id']}", headers=desk.headers).json()
    assert [(each["kind"], each["actor"]["kind"], each["actor"]["name"]) for each in told["events"]] == [
        ("created", "api", ""),
        ("changed", "agent", "Anna"),
        ("commented", "agent", "Anna"),
        ("commented", "agent", "Anna"),
        ("changed", "agent", "Anna"),
    ]
    assert told["events"][2]["details"] == {"text": "Ask the workshop", "public": False, "side": "staff"}
    later = client.get(path, params={"events_after": 4}, headers=desk.headers).json()
    assert [each["number"] for each in later["events"]] == [5]
    nobody = client.patch(path, json={"assigned_to": None}, headers=desk.headers).json()
    assert nobody["assigned_to"] is None


def test_pages_hold_every_ticket_once(client: TestClient, desk: Desk) -> None:
    for number in range(5):
        opened(client, desk, f"Zip {number}", tags=["even" if number % 2 == 0 else "odd"])
    found: list[int] = []
    params: dict[str, Any] = {"limit": 2}
    while True:
        page = client.get("/tickets", params=params, headers=desk.agents).json()
        found += [each["number"] for each in page["tickets"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert found == [5, 4, 3, 2, 1]
    even = client.get("/tickets", params={"tag": "even", "q": "zip"}, headers=desk.headers).json()
    assert [each["number"] for each in even["tickets"]] == [5, 3, 1]
    several = client.get("/tickets?status=open&status=pending&assigned_to=nobody", headers=desk.headers).json()
    assert len(several["tickets"]) == 5


def test_a_wish_sent_twice_is_done_once(client: TestClient, desk: Desk) -> None:
    headers = {**desk.headers, "Idempotency-Key": "k-1"}
    first = client.post("/tickets", json={"subject": "Zip"}, headers=headers)
    again = client.post("/tickets", json={"subject": "Zip"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["ticket_id"] == again.json()["ticket_id"]
    other = client.post("/tickets", json={"subject": "Tent"}, headers=headers)
    assert (other.status_code, other.json()["field"]) == (409, "Idempotency-Key")
    path = f"/tickets/{first.json()['number']}/comments"
    versions = {client.post(path, json={"text": "hi"}, headers=headers).json()["version"] for _ in range(3)}
    assert versions == {2}


def test_a_merged_ticket_refers_to_the_other(client: TestClient, desk: Desk) -> None:
    first, second, third = (opened(client, desk) for _ in range(3))
    headers = {**desk.agents, "Idempotency-Key": "m"}
    for _ in range(2):
        merged = client.post(f"/tickets/{second['number']}/merge", json={"into": first["number"]}, headers=headers)
        assert (merged.status_code, merged.json()["ticket_id"]) == (200, first["ticket_id"])
    assert client.get("/tickets/2", headers=desk.headers).json()["merged_into"] == first["ticket_id"]
    again = client.post("/tickets/2/merge", json={"into": third["ticket_id"]}, headers=desk.headers)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_a_transition_that_is_not_allowed_is_told_what_is(client: TestClient, desk: Desk) -> None:
    number = opened(client, desk)["number"]
    refused = client.patch(f"/tickets/{number}", json={"status": "closed"}, headers=desk.headers)
    assert (refused.status_code, refused.json()["field"]) == (409, "status")
    assert "to pending or resolved is" in refused.json()["detail"]
    unknown = client.patch(f"/tickets/{number}", json={"status": "frozen"}, headers=desk.headers)
    assert (unknown.status_code, unknown.json()["field"]) == (422, "status")
    assert "'resolved'" in unknown.json()["detail"]
    stale = client.patch(f"/tickets/{number}", json={"team": "billing", "version": 7}, headers=desk.headers)
    assert (stale.status_code, stale.json()["field"]) == (409, "version")


def test_another_tenants_ticket_is_not_found(client: TestClient, desk: Desk, make_desk: Callable[[], Desk]) -> None:
    ticket, theirs = opened(client, desk, "Our secret"), make_desk()
    own = opened(client, theirs, "Theirs")
    for headers in (theirs.headers, theirs.agents):
        path = f"/tickets/{ticket['ticket_id']}"
        for response in (
            client.get(path, headers=headers),
            client.patch(path, json={"team": "billing"}, headers=headers),
            client.post(f"{path}/comments", json={"text": "hi"}, headers=headers),
            client.post(f"{path}/merge", json={"into": own["number"]}, headers=headers),
            client.post(f"/tickets/{own['number']}/merge", json={"into": ticket["ticket_id"]}, headers=headers),
        ):
            assert (response.status_code, response.json()["code"]) == (404, "not_found")
            assert "secret" not in response.text
        assert client.get("/tickets", headers=headers).json()["tickets"][0]["subject"] == "Theirs"
        assert len(client.get("/tickets", headers=headers).json()["tickets"]) == 1
    assigned = client.patch(f"/tickets/{own['number']}", json={"assigned_to": desk.agent_id}, headers=theirs.headers)
    assert (assigned.status_code, assigned.json()["field"]) == (422, "assigned_to")
    assert client.get(f"/tickets/{ticket['number']}", headers=desk.headers).json()["version"] == 1


def test_nobody_is_let_in_without_a_key_or_a_token(client: TestClient, desk: Desk, workbench: Workbench) -> None:
    ticket = opened(client, desk)
    forged = desk.agents["Authorization"][:-4] + "AAAA"
    wrong = f"Bearer {desk.customer.key[:-4]}AAAA"
    for headers in ({}, {"Authorization": forged}, {"Authorization": wrong}, {"X-Api-Key": "nonsense"}):
        for response in (
            client.get("/tickets", headers=headers),
            client.get(f"/tickets/{ticket['number']}", headers=headers),
            client.post("/tickets", json={"subject": "x"}, headers=headers),
            client.patch(f"/tickets/{ticket['number']}", json={"team": "billing"}, headers=headers),
        ):
            assert response.status_code == 401, headers
    session, _ = workbench.session_tokens.issue(desk.customer.tenant.context, uuid4())
    assert client.get("/tickets", headers={"Authorization": f"Bearer {session}"}).status_code == 401
    workbench.agents.deactivate(
        desk.customer.tenant.context, workbench.agents.list(desk.customer.tenant.context)[0].agent_id
    )
    assert client.get("/tickets", headers=desk.agents).status_code == 401
    assert client.get("/tickets", headers={"X-Api-Key": desk.customer.key}).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "subject"),
        ({"subject": ""}, "subject"),
        ({"subject": " "}, "subject"),
        ({"subject": "x" * 301}, "subject"),
        ({"subject": "a\0b"}, "subject"),
        ({"subject": 7}, "subject"),
        ({"subject": "Zip", "description": "x" * 10_001}, "description"),
        ({"subject": "Zip", "priority": "asap"}, "priority"),
        ({"subject": "Zip", "tags": ["has space"]}, "tags"),
        ({"subject": "Zip", "tags": "vip"}, "tags"),
        ({"subject": "Zip", "team": "sales"}, "team"),
        ({"subject": "Zip", "assigned_to": "anna"}, "assigned_to"),
        ({"subject": "Zip", "assigned_to": str(uuid4())}, "assigned_to"),
        ({"subject": "Zip", "requester": {"email": "ada"}}, "requester.email"),
        ({"subject": "Zip", "requester": {"mail": "ada"}}, "requester.mail"),
        ({"subject": "Zip", "status": "open"}, "status"),
    ],
)
def test_a_bad_ticket_is_422_and_names_its_field(
    client: TestClient, desk: Desk, body: dict[str, Any], field: str
) -> None:
    response = client.post("/tickets", json=body, headers=desk.headers)
    assert (response.status_code, response.json().get("field")) == (422, field), response.text
    assert client.get("/tickets", headers=desk.headers).json()["tickets"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "x" * 101}, "cursor"),
        ({"status": "frozen"}, "status.0"),
        ({"assigned_to": "anna"}, "assigned_to"),
        ({"q": "x" * 201}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_search_is_422_and_names_its_field(
    client: TestClient, desk: Desk, query: dict[str, str], field: str
) -> None:
    response = client.get("/tickets", params=query, headers=desk.headers)
    assert (response.status_code, response.json().get("field")) == (422, field), response.text


def test_a_ref_that_is_none_or_an_empty_change_is_422(client: TestClient, desk: Desk) -> None:
    number = opened(client, desk)["number"]
    assert client.get("/tickets/seven", headers=desk.headers).json()["field"] == "ticket"
    assert client.get("/tickets/99999999999999999999999", headers=desk.headers).status_code == 422
    assert client.get("/tickets/9999999999999999999", headers=desk.headers).status_code == 404
    assert client.patch(f"/tickets/{number}", json={}, headers=desk.headers).status_code == 422
    for into in ("seven", None, -1, 1.5):
        refused = client.post(f"/tickets/{number}/merge", json={"into": into}, headers=desk.headers)
        assert (refused.status_code, refused.json()["field"]) == (422, "into")
    headers = {**desk.headers, "Idempotency-Key": "has space"}
    assert client.post("/tickets", json={"subject": "x"}, headers=headers).json()["field"] == "Idempotency-Key"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["subject", "description", "priority", "requester", "tags", "team", "status", "text", "public", "side", "into"]
)


@settings(max_examples=60, deadline=None)
@given(
    body=st.dictionaries(NAMES | st.text(max_size=5), VALUES, max_size=4),
    where=st.sampled_from(
        [("POST", "/tickets"), ("PATCH", "/tickets/1"), ("POST", "/tickets/1/comments"), ("POST", "/tickets/1/merge")]
    ),
)
def test_nothing_that_is_sent_is_a_fault(
    client: TestClient, workbench: Workbench, body: dict[str, Any], where: tuple[str, str]
) -> None:
    tenant = workbench.tenants.find_by_domain("fuzz.example") or workbench.tenants.create("F", "fuzz.example", CONFIG)
    headers = {"X-Api-Key": workbench.api_keys.issue(tenant.context, "fuzz").key, "Content-Type": "application/json"}
    method, path = where
    response = client.request(method, path, content=json.dumps(body).encode(), headers=headers)
    assert response.status_code in {200, 201, 400, 404, 409, 422}, response.text


@settings(max_examples=60, deadline=None)
@given(
    query=st.dictionaries(
        st.sampled_from(["q", "status", "team", "tag", "requester", "cursor", "limit"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    )
)
def test_no_search_is_a_fault(client: TestClient, shop: Customer, query: dict[str, str]) -> None:
    response = client.get("/tickets", params=query, headers=shop.headers)
    assert response.status_code in {200, 422}, response.text
