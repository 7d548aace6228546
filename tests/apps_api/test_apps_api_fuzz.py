"""Whatever is posted, the API answers with what its document declares, and never with a fault."""

from __future__ import annotations

import json

from apps_api_customers import Customer
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

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
