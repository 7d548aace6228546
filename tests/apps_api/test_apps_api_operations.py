"""What operators rely on: health, figures, the OpenAPI document, headers, log lines, and limits that hold."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
from apps_api_customers import Customer
from apps_api_sockets import Desks, line
from fastapi.openapi.models import OpenAPI
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from apps.api.app import Limits, create_app
from apps.api.logs import write_logs
from components.bootstrap import Workbench
from components.core.settings import Settings


def samples(client: TestClient) -> dict[str, float]:
    """Every counter of GET /metrics by its name and label values."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        " ".join([sample.name, *(sample.labels[label] for label in sorted(sample.labels))]): sample.value
        for family in families
        for sample in family.samples
    }


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_health_and_readiness_need_no_key(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready", "database": "ready"}


def test_every_exchange_and_every_answer_is_counted_once(client: TestClient, shop: Customer) -> None:
    before = samples(client)
    client.post("/rag/query", json=shop.body("What does express shipping cost?"), headers=shop.headers)
    client.post("/rag/query", json=shop.body("", top_k=0), headers=shop.headers)
    client.get("/an/invented/path")
    after = samples(client)
    tenant = str(shop.tenant.tenant_id)
    for name in (
        f"rag_query_duration_seconds_count {tenant}",
        f"rag_answers_total answered {tenant}",
        "http_requests_total POST /rag/query 200",
        "http_requests_total POST /rag/query 422",
        "http_requests_total GET unmatched 404",
    ):
        assert after[name] == before.get(name, 0) + 1, name
    assert not any("invented" in name for name in after)


def test_two_apps_in_one_process_keep_their_figures_apart(workbench: Workbench, client: TestClient) -> None:
    client.get("/healthz")
    with TestClient(create_app(workbench)) as other:
        assert not any(name.startswith("http_requests_total") for name in samples(other))


def test_the_openapi_document_is_valid_and_holds_the_specs_names(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    OpenAPI.model_validate(document)
    schemas = document["components"]["schemas"]
    assert set(references(document)) <= {f"#/components/schemas/{name}" for name in schemas}
    query = document["paths"]["/rag/query"]["post"]
    assert query["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/RagRequest")
    assert query["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/RagResponse")
    assert schemas["RagRequest"]["required"] == ["tenant_id", "question", "top_k"]
    types = {name: schemas["RagRequest"]["properties"][name]["type"] for name in schemas["RagRequest"]["required"]}
    assert types == {"tenant_id": "string", "question": "string", "top_k": "integer"}
    assert set(schemas["RagResponse"]["properties"]) == {"answer", "sources"}
    assert set(schemas["RagSource"]["properties"]) == {"doc_id", "section", "score"}
    assert query["security"] == [{"bearer": []}, {"api_key": []}]
    schemes = {"bearer", "api_key", "chat_session", "agent", "staff", "workbench"}
    assert set(document["components"]["securitySchemes"]) == schemes
    assert set(query["responses"]) == {"200", "400", "401", "403", "413", "415", "422", "500", "503"}


def test_docs_is_a_page_whose_policy_lets_its_own_assets_in(client: TestClient) -> None:
    page = client.get("/docs")
    assert "/openapi.json" in page.text
    policy = page.headers["Content-Security-Policy"]
    for source in page.text.split('src="')[1:]:
        address = source.split('"')[0]
        if address.startswith("/"):
            assert client.get(address).status_code == 200
        else:
            assert "/".join(address.split("/")[:3]) in policy


def test_every_response_carries_headers_that_browsers_heed(client: TestClient) -> None:
    for path in ("/healthz", "/nothing", "/docs"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors" in headers["Content-Security-Policy"]


@contextmanager
def written_logs() -> Iterator[io.StringIO]:
    """What the block has the server's process log."""
    loggers = [logging.getLogger(name) for name in ("helpdesk", "uvicorn")]
    before = [(logger, logger.handlers, logger.level, logger.propagate) for logger in loggers]
    stream = io.StringIO()
    write_logs(stream, "info")
    try:
        yield stream
    finally:
        for logger, handlers, level, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)


def test_a_sockets_text_ids_and_address_are_in_no_log(url: str, desks: Desks) -> None:
    async def talk() -> None:
        anna = desks.agent()
        session = desks.claimed(anna)
        async with line(url, desks.customers_auth(session)) as customer, line(url, desks.agents_auth(anna)) as agent:
            await customer.done("message", client_message_id="c1", text="a secret about ropes")
            await agent.done("note", session_id=str(session), client_note_id="n1", text="a secret about ropes")
            assert (await agent.call("claim", session_id=str(session), request_id="r1"))["code"] == "conflict"

    with written_logs() as stream:
        asyncio.run(talk())
    for secret in ("ropes", "127.0.0.1", "EIO=4"):
        assert secret not in stream.getvalue()


def test_a_log_line_is_json_and_tells_route_status_time_and_tenant(client: TestClient, shop: Customer) -> None:
    with written_logs() as stream:
        body = shop.body("A secret question about ropes?")
        client.post("/rag/query", json=body, headers=shop.headers | {"X-Request-Id": "r-1"})
        client.get("/healthz")
    lines = [json.loads(each) for each in stream.getvalue().splitlines()]
    (told,) = [each for each in lines if each["logger"] == "helpdesk.access"]
    assert {name: told[name] for name in ("request_id", "method", "route", "status", "tenant")} == {
        "request_id": "r-1",
        "method": "POST",
        "route": "/rag/query",
        "status": 200,
        "tenant": str(shop.tenant.tenant_id),
    }
    assert told["ms"] > 0
    assert "ropes" not in stream.getvalue()
    assert shop.key not in stream.getvalue()


def test_more_questions_than_may_wait_are_refused_with_503_and_the_others_answered(
    workbench: Workbench, shop: Customer
) -> None:
    async def ask_at_once() -> list[httpx.Response]:
        app = create_app(workbench, Limits(answers=1, waiting=1, short=20))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as asker:
            question = shop.body("How long can I return an unused jacket?")
            asked = [asker.post("/rag/query", json=question, headers=shop.headers) for _ in range(12)]
            return await asyncio.gather(*asked)

    responses = asyncio.run(ask_at_once())
    answered = [each for each in responses if each.status_code == 200]
    refused = [each for each in responses if each.status_code == 503]
    assert len(answered) + len(refused) == len(responses)
    assert answered
    assert refused
    assert all(each.json()["code"] == "unavailable" and int(each.headers["Retry-After"]) > 0 for each in refused)


def test_a_question_past_the_deadline_is_503(workbench: Workbench, settings: Settings, shop: Customer) -> None:
    hurried = replace(workbench, settings=settings.model_copy(update={"request_deadline": 0.0001}))
    with TestClient(create_app(hurried)) as client:
        response = client.post("/rag/query", json=shop.body("Hello?"), headers=shop.headers)
    assert response.status_code == 503
    assert "Retry-After" in response.headers
