"""Thumbs on answers, kept to the tenant whose answer it was."""

from __future__ import annotations

from uuid import uuid4

import pytest
from apps_api_customers import Customer
from fastapi.testclient import TestClient
from sqlalchemy import select

from components.bootstrap import Workbench
from components.database.tables import FeedbackRow


@pytest.fixture
def answer_id(client: TestClient, shop: Customer) -> str:
    response = client.post("/rag/query", json=shop.body("What does express shipping cost?"), headers=shop.headers)
    return response.headers["X-Answer-Id"]


def test_the_last_rating_of_an_answer_counts(
    client: TestClient, shop: Customer, workbench: Workbench, answer_id: str
) -> None:
    for rating, comment in ((1, None), (-1, " Wrong price. ")):
        response = client.post(
            f"/answers/{answer_id}/feedback", json={"rating": rating, "comment": comment}, headers=shop.headers
        )
        assert response.status_code == 204
        assert response.content == b""
    with workbench.database.tenant(shop.tenant.context) as session:
        rows = session.scalars(select(FeedbackRow).where(FeedbackRow.answer_id == answer_id)).all()
    assert [(row.rating, row.comment) for row in rows] == [(-1, "Wrong price.")]


def test_another_tenants_answer_is_not_found(
    client: TestClient, shop: Customer, cloud: Customer, answer_id: str
) -> None:
    for target, asker in ((answer_id, cloud), (str(uuid4()), shop)):
        response = client.post(f"/answers/{target}/feedback", json={"rating": 1}, headers=asker.headers)
        assert response.status_code == 404
        assert response.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rating"),
        ({"rating": 0}, "rating"),
        ({"rating": "1"}, "rating"),
        ({"rating": 1, "comment": "x" * 2001}, "comment"),
        ({"rating": 1, "comment": "\0"}, "comment"),
        ({"rating": 1, "comment": 5}, "comment"),
    ],
)
def test_bad_feedback_is_422_and_names_its_field(
    client: TestClient, shop: Customer, answer_id: str, body: dict[str, object], field: str
) -> None:
    response = client.post(f"/answers/{answer_id}/feedback", json=body, headers=shop.headers)
    assert response.status_code == 422
    assert response.json()["field"] == field


def test_feedback_needs_a_key_and_an_id(client: TestClient, shop: Customer, answer_id: str) -> None:
    assert client.post(f"/answers/{answer_id}/feedback", json={"rating": 1}).status_code == 401
    response = client.post("/answers/last/feedback", json={"rating": 1}, headers=shop.headers)
    assert response.status_code == 422
    assert response.json()["field"] == "answer_id"
