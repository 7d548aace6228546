"""POST /rag/query as section 4.1 has it: answers with their sources, and honesty where there are none."""

from __future__ import annotations

from uuid import UUID

from apps_api_customers import Customer
from fastapi.testclient import TestClient


def test_an_answer_names_the_document_section_and_score_it_quotes(client: TestClient, shop: Customer) -> None:
    response = client.post(
        "/rag/query", json=shop.body("How long can I return an unused jacket?"), headers=shop.headers
    )
    assert response.status_code == 200
    told = response.json()
    assert set(told) == {"answer", "sources"}
    assert "45 days" in told["answer"]
    first = told["sources"][0]
    assert set(first) == {"doc_id", "section", "score"}
    assert first["doc_id"] == "help/returns.md"
    assert first["section"].endswith("Time limit")
    assert isinstance(first["score"], float)


def test_source_n_is_what_the_answer_cites_as_n(client: TestClient, shop: Customer) -> None:
    told = client.post("/rag/query", json=shop.body("What does express shipping cost?"), headers=shop.headers).json()
    cited = [number for number in range(1, 51) if f"[{number}]" in told["answer"]]
    assert cited == list(range(1, len(told["sources"]) + 1))


def test_a_question_that_the_knowledge_cannot_answer_gets_words_without_sources(
    client: TestClient, shop: Customer
) -> None:
    question = "Which composer wrote the opera about the barber of Seville?"
    response = client.post("/rag/query", json=shop.body(question), headers=shop.headers)
    assert response.status_code == 200
    assert response.json()["sources"] == []
    assert response.json()["answer"]


def test_an_answer_carries_its_id_for_feedback(client: TestClient, shop: Customer) -> None:
    response = client.post("/rag/query", json=shop.body("How do I wash a down jacket?"), headers=shop.headers)
    assert UUID(response.headers["X-Answer-Id"])


def test_top_k_bounds_the_sources(client: TestClient, shop: Customer) -> None:
    body = shop.body("How long do returns and standard parcels take?", top_k=1)
    response = client.post("/rag/query", json=body, headers=shop.headers)
    assert len({source["doc_id"] for source in response.json()["sources"]}) <= 1


def test_a_question_of_4000_characters_is_answered(client: TestClient, shop: Customer) -> None:
    question = ("How long can I return a jacket? " * 200)[:3999] + "?"
    assert client.post("/rag/query", json=shop.body(question), headers=shop.headers).status_code == 200


def test_white_space_around_a_question_does_not_count(client: TestClient, shop: Customer) -> None:
    question = " " * 4000 + "How do I wash a down jacket?" + "\n" * 4000
    assert client.post("/rag/query", json=shop.body(question), headers=shop.headers).status_code == 200
