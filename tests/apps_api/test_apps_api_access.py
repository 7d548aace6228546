"""The key decides the tenant, and one tenant's key never opens another's knowledge."""

from __future__ import annotations

from uuid import uuid4

import pytest
from apps_api_customers import Customer
from fastapi.testclient import TestClient

QUESTION = "When is a refund paid?"


def test_a_key_is_accepted_as_bearer_and_in_its_own_header(client: TestClient, shop: Customer) -> None:
    for headers in (shop.headers, {"X-Api-Key": shop.key}, {"Authorization": f"bearer {shop.key}"}):
        assert client.post("/rag/query", json=shop.body(QUESTION), headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic d3Jvbmc6a2V5"},
        {"X-Api-Key": "hd_" + "0" * 32 + "_" + "0" * 12 + "_" + "A" * 43},
        {"X-Api-Key": b"\xff\xfe\x80"},
    ],
)
def test_a_missing_or_wrong_key_is_401_with_a_challenge(
    client: TestClient, shop: Customer, headers: dict[str, str]
) -> None:
    response = client.post("/rag/query", json=shop.body(QUESTION), headers=headers)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert (response.json()["code"], response.json()["field"]) == ("invalid_api_key", "Authorization")


def test_a_key_with_another_tenants_id_inside_is_401(client: TestClient, shop: Customer, cloud: Customer) -> None:
    forged = shop.key.replace(shop.tenant.tenant_id.hex, cloud.tenant.tenant_id.hex)
    assert forged != shop.key
    response = client.post("/rag/query", json=cloud.body(QUESTION), headers={"X-Api-Key": forged})
    assert response.status_code == 401


def test_a_body_that_names_another_tenant_is_403_and_tells_nothing_of_it(
    client: TestClient, shop: Customer, cloud: Customer
) -> None:
    for named in (cloud.tenant.tenant_id, uuid4()):
        body = shop.body("What happens to heliotrope credits?", tenant_id=str(named))
        response = client.post("/rag/query", json=body, headers=shop.headers)
        assert response.status_code == 403
        assert response.json()["code"] == "tenant_mismatch"
        assert response.json()["field"] == "tenant_id"
        assert "credits" not in response.text


def test_one_tenants_answer_never_holds_anothers_text(client: TestClient, shop: Customer, cloud: Customer) -> None:
    for question in ("heliotrope credits", "When is a refund paid?", "When does an access token expire?"):
        told = client.post("/rag/query", json=shop.body(question, top_k=50), headers=shop.headers)
        assert "heliotrope" not in told.text
        assert "token expires" not in told.text
        assert all("billing" not in each["doc_id"] for each in told.json()["sources"])
    told = client.post("/rag/query", json=cloud.body("When is a refund paid?"), headers=cloud.headers)
    assert "five working days" not in told.text
