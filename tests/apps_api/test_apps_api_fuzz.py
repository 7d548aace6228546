"""Whatever is posted, the API answers with what its document declares, and never with a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from apps_api_chat import Chatter, begin
from apps_api_customers import Customer
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.api.app import Limits, create_app
from apps.api.chat_app import ChatBounds
from components.bootstrap import Workbench

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "tenant_id": VALUES | st.uuids().map(str) | st.just("own"),
        "question": VALUES | st.text(st.characters(), max_size=200),
        "top_k": VALUES | st.integers(-1, 52),
        "extra": VALUES,
    },
)
NEARLY = st.fixed_dictionaries(
    {"tenant_id": st.just("own"), "question": st.text(st.characters(), max_size=60), "top_k": st.integers(0, 51)}
)
DECLARED = {200, 400, 401, 403, 413, 415, 422}
FUZZ = settings(max_examples=60, deadline=None)


@FUZZ
@given(body=FIELDS | NEARLY)
def test_no_json_body_is_a_fault(client: TestClient, shop: Customer, body: dict[str, object]) -> None:
    if body.get("tenant_id") == "own":
        body = {**body, "tenant_id": str(shop.tenant.tenant_id)}
    content = json.dumps(body).encode()
    headers = shop.headers | {"Content-Type": "application/json"}
    response = client.post("/rag/query", content=content, headers=headers)
    assert response.status_code in DECLARED, response.text
    if response.status_code != 200:
        assert response.json()["code"]


@FUZZ
@given(raw=st.binary(max_size=300), kind=st.sampled_from(["application/json", "application/x+json", "text/html", "?"]))
def test_no_bytes_are_a_fault(client: TestClient, shop: Customer, raw: bytes, kind: str) -> None:
    response = client.post("/rag/query", content=raw, headers=shop.headers | {"Content-Type": kind})
    assert response.status_code in DECLARED, response.text


@FUZZ
@given(key=st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=120))
def test_no_key_is_a_fault(client: TestClient, shop: Customer, key: str) -> None:
    headers = {"X-Api-Key": key.encode("latin-1")}
    response = client.post("/rag/query", json=shop.body("Hello?"), headers=headers)
    assert response.status_code == 401


@FUZZ
@given(rating=VALUES, comment=VALUES, answer_id=st.uuids() | st.text(st.characters(categories=["L"]), min_size=1))
def test_no_feedback_is_a_fault(
    client: TestClient, shop: Customer, rating: object, comment: object, answer_id: object
) -> None:
    body = json.dumps({"rating": rating, "comment": comment}).encode()
    headers = shop.headers | {"Content-Type": "application/json"}
    response = client.post(f"/answers/{answer_id}/feedback", content=body, headers=headers)
    assert response.status_code in {204, 404, 422}, response.text


CHAT_DECLARED = {200, 201, 204, 400, 401, 404, 409, 413, 415, 422}
MESSAGES = st.fixed_dictionaries(
    {},
    optional={
        "client_message_id": VALUES | st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True),
        "text": VALUES | st.text(st.characters(), max_size=200),
        "extra": VALUES,
    },
)
NEARLY_MESSAGES = st.fixed_dictionaries(
    {"client_message_id": st.uuids().map(str), "text": st.text(st.characters(), min_size=1, max_size=60)}
)
SESSIONS = st.fixed_dictionaries(
    {},
    optional={
        "tenant": VALUES | st.just("shop.example"),
        "customer": VALUES | st.dictionaries(st.just("name") | st.text(max_size=5), VALUES, max_size=2),
        "extra": VALUES,
    },
)


@pytest.fixture(scope="module")
def chatter(workbench: Workbench, shop: Customer) -> Iterator[Chatter]:
    """A session without bounds on how often it is used."""
    bounds = ChatBounds(messages=100_000, sessions=100_000)
    with TestClient(create_app(workbench, Limits(chat=bounds))) as client:
        yield begin(client, shop.tenant.domain)


@FUZZ
@given(body=MESSAGES | NEARLY_MESSAGES, accept=st.sampled_from(["application/json", "text/event-stream", "*/*", "?"]))
def test_no_chat_message_is_a_fault(chatter: Chatter, body: dict[str, object], accept: str) -> None:
    headers = {**chatter.headers, "Content-Type": "application/json", "Accept": accept}
    response = chatter.client.post(f"{chatter.path}/messages", content=json.dumps(body).encode(), headers=headers)
    assert response.status_code in CHAT_DECLARED, response.text
    assert "event: error" not in response.text


@FUZZ
@given(body=SESSIONS)
def test_no_way_to_begin_a_session_is_a_fault(chatter: Chatter, body: dict[str, object]) -> None:
    headers = {"Content-Type": "application/json"}
    response = chatter.client.post("/chat/sessions", content=json.dumps(body).encode(), headers=headers)
    assert response.status_code in CHAT_DECLARED, response.text


@FUZZ
@given(
    raw=st.binary(max_size=300),
    where=st.sampled_from(["/chat/sessions", "messages", "feedback"]),
    kind=st.sampled_from(["application/json", "text/plain"]),
)
def test_no_bytes_are_a_fault_of_the_chat(chatter: Chatter, raw: bytes, where: str, kind: str) -> None:
    path = where if where.startswith("/") else f"{chatter.path}/{where}"
    response = chatter.client.post(path, content=raw, headers={**chatter.headers, "Content-Type": kind})
    assert response.status_code in CHAT_DECLARED, response.text


@FUZZ
@given(
    after=st.integers() | st.text(st.characters(categories=["L", "N", "P"]), max_size=10),
    form=st.sampled_from(["json", "html"]) | st.text(max_size=5),
    token=st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=80),
)
def test_no_replay_is_a_fault(chatter: Chatter, after: object, form: str, token: str | None) -> None:
    sent = chatter.token if token is None else token
    headers = {"Authorization": f"Bearer {sent}".encode("latin-1")}
    response = chatter.client.get(chatter.path, params={"after": str(after), "format": form}, headers=headers)
    assert response.status_code in CHAT_DECLARED, response.text
