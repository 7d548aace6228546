"""Agents sign in over HTTP with what is theirs; nothing tells who else could, and nobody may guess for long."""

from __future__ import annotations

import pytest
from apps_api_sockets import Desks, make_desks
from fastapi.testclient import TestClient
from test_apps_api_bad_input import assert_problem

from components.bootstrap import Workbench
from tests.staff import PASSWORD


def credentials(desks: Desks, email: str, **changed: str) -> dict[str, str]:
    return {"tenant": desks.tenant.domain, "email": email, "password": PASSWORD, **changed}


@pytest.fixture
def patient(workbench: Workbench) -> TestClient:
    """An app of its own, whose attempts to sign in nobody has used up."""
    from apps.api.app import create_app

    with TestClient(create_app(workbench)) as client:
        yield client  # type: ignore[misc]


def test_an_agent_signs_in_and_sees_themselves_and_their_colleagues(patient: TestClient, desks: Desks) -> None:
    anna, ben = desks.agent("Anna", team="billing"), desks.agent("Ben")
    response = patient.post("/agents/sign-in", json=credentials(desks, anna.email.upper()))
    assert response.status_code == 200, response.text
    signed_in = response.json()
    assert signed_in["agent"] | {"agent_id": str(anna.agent_id), "team": "billing"} == signed_in["agent"]
    headers = {"Authorization": f"Bearer {signed_in['token']}"}
    assert patient.get("/agents/me", headers=headers).json() == signed_in["agent"]
    there = patient.get("/agents", headers=headers).json()
    assert [(each["name"], each["presence"]) for each in there] == [("Anna", "offline"), ("Ben", "offline")]
    assert "password" not in str(there).lower()
    desks.workbench.agents.deactivate(desks.tenant.context, anna.agent_id)
    assert_problem(patient.get("/agents", headers=headers), 401, "invalid_credentials", "Authorization")
    assert ben.email not in str(signed_in)


def test_nothing_tells_whether_tenant_person_or_password_was_wrong(patient: TestClient, desks: Desks) -> None:
    anna, elsewhere = desks.agent(), make_desks(desks.workbench)
    told = set()
    for wrong in (
        credentials(desks, anna.email, password=PASSWORD + "x"),
        credentials(desks, "nobody@example.com"),
        credentials(desks, anna.email, tenant=elsewhere.tenant.domain),
        credentials(desks, anna.email, tenant="nobody.example"),
    ):
        problem = assert_problem(patient.post("/agents/sign-in", json=wrong), 401, "invalid_credentials", "password")
        told.add(problem["detail"])
    assert len(told) == 1


def test_a_customers_token_is_no_agents_and_an_agents_no_customers(patient: TestClient, desks: Desks) -> None:
    anna, session = desks.agent(), desks.opened()
    customers = {"Authorization": f"Bearer {desks.customers_auth(session)['token']}"}
    agents = {"Authorization": f"Bearer {desks.agents_auth(anna)['token']}"}
    assert_problem(patient.get("/agents/me", headers=customers), 401, "invalid_credentials", "Authorization")
    assert_problem(patient.get(f"/chat/{session}", headers=agents), 401, "invalid_session_token", "Authorization")


def test_nobody_guesses_a_password_for_long(patient: TestClient, desks: Desks) -> None:
    anna, ben = desks.agent(), desks.agent("Ben")
    wrong = credentials(desks, anna.email, password="wrong horse battery")
    answers = [patient.post("/agents/sign-in", json=wrong) for _ in range(11)]
    assert {each.status_code for each in answers[:10]} == {401}
    assert_problem(answers[10], 429, "rate_limited")
    assert int(answers[10].headers["Retry-After"]) >= 1
    # Not even with the right one; and a colleague may, until the address has had its share.
    assert patient.post("/agents/sign-in", json=credentials(desks, anna.email)).status_code == 429
    assert patient.post("/agents/sign-in", json=credentials(desks, ben.email)).status_code == 200
    # What a slow machine is given back meanwhile is spent too.
    others = (patient.post("/agents/sign-in", json=credentials(desks, f"{n}@example.com")) for n in range(60))
    assert 429 in (each.status_code for each in others)


@pytest.mark.parametrize("field", ["tenant", "email", "password"])
def test_a_sign_in_without_a_part_is_refused_by_its_name(patient: TestClient, desks: Desks, field: str) -> None:
    body = credentials(desks, "a@example.com")
    del body[field]
    assert_problem(patient.post("/agents/sign-in", json=body), 422, "invalid_input", field)
