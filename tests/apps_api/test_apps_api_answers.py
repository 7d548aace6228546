"""GET /answers/{answer_id}: the lineage of one's own answers, and trace ids that callers can follow."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from apps_api_customers import Customer
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from apps.api.tracing import trace_id_of

QUESTION = "How long can I return an unused jacket?"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def asked(client: TestClient, customer: Customer, question: str = QUESTION, **headers: str) -> tuple[str, str]:
    """Ids of the answer and of the trace."""
    response = client.post("/rag/query", json=customer.body(question), headers={**customer.headers, **headers})
    assert response.status_code == 200
    return response.headers["X-Answer-Id"], response.headers["X-Trace-Id"]


def test_the_lineage_of_an_answer_can_be_read(client: TestClient, shop: Customer) -> None:
    answer_id, trace_id = asked(client, shop)
    told = client.get(f"/answers/{answer_id}", headers=shop.headers).json()
    assert (told["answer_id"], told["trace_id"], told["question"]) == (answer_id, trace_id, QUESTION)
    assert (told["channel"], told["top_k"], told["reason"], told["prompt_version"]) == ("api", 5, None, 0)
    assert {"vector", "text", "fused"} <= set(told["passages"][0]["scores"])
    assert told["passages"][0]["used"] is True
    assert told["citations"][0]["document_id"] == "help/returns.md"
    assert told["seconds"]["total"] > 0
    assert (told["cost"], told["cache_hit"]) == ("0", False)


def test_another_tenants_answer_is_not_found(client: TestClient, shop: Customer, cloud: Customer) -> None:
    answer_id, _ = asked(client, shop)
    for wanted, headers in ((answer_id, cloud.headers), (str(uuid4()), shop.headers)):
        refused = client.get(f"/answers/{wanted}", headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
        assert "jacket" not in refused.text


def test_without_a_key_or_with_a_bad_id_nothing_is_told(client: TestClient, shop: Customer) -> None:
    assert client.get(f"/answers/{uuid4()}").status_code == 401
    assert client.get("/answers/seven", headers=shop.headers).status_code == 422


def test_a_callers_trace_goes_through_to_the_stored_answer(client: TestClient, shop: Customer) -> None:
    answer_id, trace_id = asked(client, shop, traceparent=f"00-{TRACE}-{PARENT}-01")
    assert trace_id == TRACE
    assert client.get(f"/answers/{answer_id}", headers=shop.headers).json()["trace_id"] == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        TRACE,
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}-01-more",
    ],
)
def test_a_traceparent_that_is_none_makes_a_new_trace(header: str | None) -> None:
    made = trace_id_of(header)
    assert made != TRACE
    assert UUID(hex=made)


def test_a_later_version_of_the_header_may_say_more() -> None:
    assert trace_id_of(f"01-{TRACE}-{PARENT}-01-more") == TRACE


@examples(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_whatever_the_header_holds_the_trace_id_is_32_hexadecimal_digits(header: str) -> None:
    made = trace_id_of(header)
    assert len(made) == 32
    assert int(made, 16) > 0


def test_answers_are_counted_by_reason_and_by_what_the_cache_said(client: TestClient, shop: Customer) -> None:
    asked(client, shop, "Which composer wrote the opera about the barber of Seville?")
    tenant = shop.tenant.tenant_id
    figures = client.get("/metrics").text
    assert f'helpdesk_answers_total{{channel="api",reason="low_confidence",tenant="{tenant}"}}' in figures
    assert f'helpdesk_answer_cache_total{{outcome="unavailable",tenant="{tenant}"}}' in figures
