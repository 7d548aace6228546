"""Only the token of a session opens it, and what is sent to it is held against its bounds."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from apps_api_chat import QUESTION, Chatter, begin
from apps_api_customers import Customer
from fastapi.testclient import TestClient
from test_apps_api_bad_input import assert_problem

from apps.api.app import Limits, create_app
from apps.api.chat_app import ChatBounds
from components.bootstrap import Workbench


@pytest.fixture(scope="module")
def generous(workbench: Workbench) -> Iterator[TestClient]:
    """Without bounds on what these tests do often."""
    bounds = ChatBounds(messages=1000, sessions=1000)
    with TestClient(create_app(workbench, Limits(chat=bounds))) as client:
        yield client


@pytest.fixture(scope="module")
def chatter(generous: TestClient, shop: Customer) -> Chatter:
    return begin(generous, shop.tenant.domain)


def test_no_token_but_its_own_opens_a_session_and_none_tells_whether_it_exists(
    generous: TestClient, chatter: Chatter, shop: Customer, cloud: Customer
) -> None:
    other, foreign = begin(generous, shop.tenant.domain), begin(generous, cloud.tenant.domain)
    body = {"client_message_id": "m1", "text": QUESTION}
    rating = {"answer_id": str(uuid4()), "rating": 1}
    told = set()
    for path in (chatter.path, f"/chat/{uuid4()}"):
        for token in (None, "nonsense", other.token, foreign.token, shop.key, chatter.token + "x"):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            for response in (
                generous.get(path, headers=headers),
                generous.post(f"{path}/messages", json=body, headers=headers),
                generous.post(f"{path}/feedback", json=rating, headers=headers),
            ):
                problem = assert_problem(response, 401, "invalid_session_token", "Authorization")
                assert response.headers["WWW-Authenticate"].startswith("Bearer")
                told.add(problem["detail"])
    assert len(told) == 1
    assert chatter.read()["last_sequence"] == chatter.opening["last_sequence"]


def test_a_session_token_is_no_api_key(generous: TestClient, chatter: Chatter, shop: Customer) -> None:
    response = generous.post("/rag/query", json=shop.body(QUESTION), headers=chatter.headers)
    assert_problem(response, 401, "invalid_api_key", "Authorization")
    assert generous.get("/llm/models", headers={"X-Api-Key": chatter.token}).status_code == 401


def test_the_token_of_a_deleted_tenant_opens_nothing(generous: TestClient, workbench: Workbench) -> None:
    tenant = workbench.tenants.create("Gone", "gone.example", {})
    chatter = begin(generous, tenant.domain)
    assert chatter.read()["last_sequence"] >= 0
    workbench.tenants.delete(tenant.tenant_id)
    response = generous.get(chatter.path, headers=chatter.headers)
    assert_problem(response, 401, "invalid_session_token", "Authorization")


def test_a_token_for_a_session_that_is_gone_finds_nothing(
    generous: TestClient, workbench: Workbench, shop: Customer
) -> None:
    session = uuid4()
    token, _ = workbench.session_tokens.issue(shop.tenant.tenant_id, session)
    gone = Chatter(generous, str(session), token)
    assert_problem(generous.get(gone.path, headers=gone.headers), 404, "not_found", "conversation_id")
    assert gone.post(QUESTION, accept="text/event-stream").status_code == 404


@pytest.mark.parametrize(
    ("tenant", "status", "code"),
    [
        ("nobody.example", 404, "tenant_not_found"),
        ("", 422, "invalid_input"),
        ("x" * 254, 422, "invalid_input"),
        ("a\0b", 422, "invalid_input"),
        (7, 422, "invalid_input"),
        ("../shop.example", 404, "tenant_not_found"),
    ],
)
def test_a_session_needs_the_domain_of_a_tenant(generous: TestClient, tenant: object, status: int, code: str) -> None:
    assert_problem(generous.post("/chat/sessions", json={"tenant": tenant}), status, code, "tenant")


@pytest.mark.parametrize(
    ("customer", "field"),
    [
        ({"name": ""}, "customer.name"),
        ({"name": "x" * 201}, "customer.name"),
        ({"nickname": "Ada"}, "customer.nickname"),
        ("Ada", "customer"),
    ],
)
def test_a_customer_is_a_name_at_most(generous: TestClient, shop: Customer, customer: object, field: str) -> None:
    body = {"tenant": shop.tenant.domain, "customer": customer}
    assert_problem(generous.post("/chat/sessions", json=body), 422, "invalid_input", field)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"text": ""}, "text", "at least 1"),
        ({"text": " \n"}, "text", "at least 1"),
        ({"text": "x" * 4001}, "text", "at most 4000 characters, not 4001"),
        ({"text": "a\0b"}, "text", "U+0000"),
        ({"text": 7}, "text", "string"),
        ({"text": None}, "text", "string"),
        ({"client_message_id": ""}, "client_message_id", "pattern"),
        ({"client_message_id": "x" * 65}, "client_message_id", "pattern"),
        ({"client_message_id": "a b"}, "client_message_id", "pattern"),
        ({"client_message_id": "m1\n"}, "client_message_id", "pattern"),
        ({"client_message_id": 1}, "client_message_id", "string"),
        ({"colour": "red"}, "colour", "not permitted"),
    ],
)
def test_a_bad_message_is_422_and_names_its_field(
    generous: TestClient, chatter: Chatter, changes: dict[str, object], field: str, said: str
) -> None:
    body = {"client_message_id": "m1", "text": QUESTION, **changes}
    response = generous.post(f"{chatter.path}/messages", json=body, headers=chatter.headers)
    problem = assert_problem(response, 422, "invalid_input", field)
    assert said in problem["detail"]


def test_a_body_of_100_kilobytes_is_413_on_every_route(generous: TestClient, chatter: Chatter) -> None:
    body = {"client_message_id": "m1", "text": "x" * 100_000, "tenant": "x" * 100_000}
    for path in ("/chat/sessions", f"{chatter.path}/messages", f"{chatter.path}/feedback"):
        response = generous.post(path, json=body, headers=chatter.headers)
        assert_problem(response, 413, "content_too_large", "body")


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "9" * 30])
def test_after_is_a_sequence(generous: TestClient, chatter: Chatter, after: str) -> None:
    response = generous.get(f"{chatter.path}?after={after}", headers=chatter.headers)
    assert_problem(response, 422, "invalid_input", "after")


@pytest.mark.parametrize(
    "text", ["😀😀😀", "كم من الوقت لدي لإرجاع سترة؟", "\x01\x02\x7f", "‮evil‬", "a" * 4000, "{{ 7 * 7 }}", "<script>"]
)
def test_every_text_within_the_bounds_gets_a_reply(generous: TestClient, shop: Customer, text: str) -> None:
    done = begin(generous, shop.tenant.domain).say(text)
    assert done["message"]["text"] == text
    assert done["messages"]
    assert "49" not in done["messages"][0]["text"]


def test_past_its_rate_a_session_and_an_address_are_429_with_a_time_to_come_back(
    workbench: Workbench, shop: Customer
) -> None:
    bounds = ChatBounds(messages=2, sessions=2)
    with TestClient(create_app(workbench, Limits(chat=bounds))) as client:
        chatter, other = begin(client, shop.tenant.domain), begin(client, shop.tenant.domain)
        chatter.say("Hello")
        chatter.say("Hello again")
        for response in (
            chatter.post("And again", accept="text/event-stream"),
            client.post("/chat/sessions", json={"tenant": shop.tenant.domain}),
        ):
            assert_problem(response, 429, "rate_limited")
            assert 1 <= int(response.headers["Retry-After"]) <= 60
        other.say("Hello")
        assert chatter.read()["pending"] is False
