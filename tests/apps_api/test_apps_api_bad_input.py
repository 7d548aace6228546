"""Every bad input gets a problem detail that names the field and what is allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from apps_api_customers import Customer
from fastapi.testclient import TestClient

JSON = {"Content-Type": "application/json"}
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id"}


def assert_problem(response: Any, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert set(problem) >= MEMBERS
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"/problems/{code}"
    assert problem["request_id"] == response.headers["X-Request-Id"]
    assert problem.get("field") == field
    return problem


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("question", "", "at least 1"),
        ("question", " \n\t ", "at least 1"),
        ("question", "x" * 4001, "4000"),
        ("question", "a\0b", "U+0000"),
        ("question", None, "string"),
        ("question", 7, "string"),
        ("top_k", 0, "greater than or equal to 1, not 0"),
        ("top_k", 51, "less than or equal to 50, not 51"),
        ("top_k", -(10**30), "1"),
        ("top_k", "5", "integer"),
        ("top_k", 2.5, "integer"),
        ("top_k", True, "integer"),
        ("tenant_id", "northtrail", "UUID"),
        ("tenant_id", "", "UUID"),
        ("tenant_id", None, "UUID"),
    ],
)
def test_a_bad_value_is_422_and_names_its_field(
    client: TestClient, shop: Customer, field: str, value: object, said: str
) -> None:
    response = client.post("/rag/query", json=shop.body("Hello?", **{field: value}), headers=shop.headers)
    problem = assert_problem(response, 422, "invalid_input", field)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert said in problem["errors"][0]["message"]
    assert len(response.content) < 2000


@pytest.mark.parametrize("field", ["tenant_id", "question", "top_k"])
def test_a_missing_field_is_422_and_named(client: TestClient, shop: Customer, field: str) -> None:
    body = {name: value for name, value in shop.body("Hello?").items() if name != field}
    problem = assert_problem(client.post("/rag/query", json=body, headers=shop.headers), 422, "invalid_input", field)
    assert problem["detail"] == f"{field}: is required"


def test_every_bad_field_is_named_at_once(client: TestClient, shop: Customer) -> None:
    response = client.post("/rag/query", json={"tenant_id": "x", "top_k": 0}, headers=shop.headers)
    problem = assert_problem(response, 422, "invalid_input", "tenant_id")
    assert [error["field"] for error in problem["errors"]] == ["tenant_id", "question", "top_k"]


@pytest.mark.parametrize(
    "raw", [b"{", b"\xff\xfe", b'{"question": }', b"[" * 60_000, b'{"top_k": ' + b"1" * 5000 + b"}"]
)
def test_what_is_not_json_is_400(client: TestClient, shop: Customer, raw: bytes) -> None:
    response = client.post("/rag/query", content=raw, headers=shop.headers | JSON)
    assert_problem(response, 400, "invalid_json", "body")


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"text"', b"1", b""])
def test_json_that_is_no_object_is_422(client: TestClient, shop: Customer, raw: bytes) -> None:
    response = client.post("/rag/query", content=raw, headers=shop.headers | JSON)
    assert_problem(response, 422, "invalid_input", "body")


def test_another_content_type_is_415_and_told_the_right_one(client: TestClient, shop: Customer) -> None:
    raw = json.dumps(shop.body("Hello?")).encode()
    response = client.post("/rag/query", content=raw, headers=shop.headers | {"Content-Type": "text/plain"})
    problem = assert_problem(response, 415, "unsupported_media_type", "Content-Type")
    assert "application/json" in problem["detail"]


def test_a_body_past_64_kilobytes_is_413_declared_or_streamed(client: TestClient, shop: Customer) -> None:
    def stream() -> Iterator[bytes]:
        for _ in range(66):
            yield b" " * 1024

    for content in (b" " * 66_000, stream()):
        response = client.post("/rag/query", content=content, headers=shop.headers | JSON)
        assert_problem(response, 413, "content_too_large", "body")


def test_an_unknown_path_is_404_and_a_wrong_method_405(client: TestClient) -> None:
    assert_problem(client.get("/rag/nothing"), 404, "not_found")
    response = client.get("/rag/query")
    assert_problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "POST"


def test_a_request_id_is_kept_where_sane_and_made_where_not(client: TestClient) -> None:
    kept = client.get("/nothing", headers={"X-Request-Id": "trace-1.2_3"})
    assert kept.headers["X-Request-Id"] == "trace-1.2_3"
    for bad in ("a b", "x" * 65, "<script>", ""):
        made = client.get("/nothing", headers={"X-Request-Id": bad})
        assert made.headers["X-Request-Id"] not in ("", bad)
