"""Who answers no customers gets none: at every entrance, by their role as it stands now."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from apps_api_sockets import PASSWORD, Desks
from fastapi import Depends
from fastapi.testclient import TestClient
from test_apps_api_bad_input import assert_problem
from test_apps_api_sockets_access import refusal

from apps.api.authentication import Authentication
from apps.api.workbench_access import WorkbenchAccess, Worker
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench
from components.core.errors import AccessDenied
from components.helpdesk.access.admin import admin_password
from components.helpdesk.access.roles import STAFF_ROLES, Role, may
from components.helpdesk.handover.agents import Agent

OTHERS = [role for role in STAFF_ROLES if not may(role, "answer_customers")]


def hired(desks: Desks, role: Role) -> Agent:
    email = f"{uuid4().hex}@example.com"
    return desks.workbench.agents.create(desks.tenant.context, email=email, name="Lea", password=PASSWORD, role=role)


@pytest.fixture
def client(workbench: Workbench) -> TestClient:
    """An app of its own, with one more route that asks for a person of the workbench."""
    from apps.api.app import create_app

    app = create_app(workbench)
    pool = WorkerPool("tests", threads=1, waiting=8)
    keys = Authentication(workbench.api_keys, pool, deadline=10)
    access = WorkbenchAccess(keys, workbench.people, pool, "use_playground", deadline=10)

    @app.get("/tried")
    async def tried(worker: Worker = Depends(access)) -> dict[str, Any]:  # noqa: B008
        return {"tenant": str(worker.tenant.tenant_id), "role": worker.person and worker.person.role}

    with TestClient(app) as client:
        yield client  # type: ignore[misc]
    pool.close()


@pytest.mark.parametrize("role", OTHERS)
def test_who_answers_no_customers_enters_neither_desk_nor_socket(
    client: TestClient, url: str, desks: Desks, role: Role
) -> None:
    lea, anna, session = hired(desks, role), desks.agent("Anna"), desks.opened()
    signed_in = client.post(
        "/agents/sign-in", json={"tenant": desks.tenant.domain, "email": lea.email, "password": PASSWORD}
    ).json()
    headers = {"Authorization": f"Bearer {signed_in['token']}"}
    assert client.get("/agents/me", headers=headers).json()["may"] == [
        each for each in ("see_analytics", "see_knowledge", "use_playground", "see_low_code") if may(role, each)
    ]
    for path in ("/agents", "/handover/queue", f"/handover/conversations/{session}", "/approvals", "/tickets"):
        problem = assert_problem(client.get(path, headers=headers), 403, "access_denied", "role")
        assert f"your role, {role.replace('_', ' ')}, may not answer customers: ask" in problem["detail"]
    told = asyncio.run(refusal(url, {"token": signed_in["token"]}))
    assert (told["code"], "may not answer customers" in told["message"]) == ("access_denied", True)
    # Nor does a colleague pass one on to them, or see them among those who could take it.
    annas = {"Authorization": f"Bearer {desks.agents_auth(anna)['token']}"}
    assert [each["name"] for each in client.get("/agents", headers=annas).json()] == ["Anna"]
    desk, context = desks.workbench.desk, desks.tenant.context
    desk.claim(context, anna, session)
    with pytest.raises(AccessDenied, match="may not answer customers"):
        desk.transfer(context, anna, session, to_agent=lea.agent_id)
    with pytest.raises(AccessDenied, match="may not answer customers"):
        desk.claim(context, lea, desks.opened())


def test_the_workbench_is_its_peoples_a_programs_with_the_key_and_the_admins(
    client: TestClient, workbench: Workbench, desks: Desks
) -> None:
    def ask(token: str, **headers: str) -> Any:
        return client.get("/tried", headers={"Authorization": f"Bearer {token}", **headers})

    tenant, domain = str(desks.tenant.tenant_id), desks.tenant.domain
    engineer, analyst = hired(desks, "prompt_engineer"), hired(desks, "analyst")
    tokens = [workbench.agent_tokens.issue(desks.tenant.context, each.agent_id)[0] for each in (engineer, analyst)]
    assert ask(tokens[0]).json() == {"tenant": tenant, "role": "prompt_engineer"}
    assert ask(tokens[0], **{"X-Tenant": domain}).json()["tenant"] == tenant
    assert_problem(ask(tokens[0], **{"X-Tenant": "other.example"}), 422, "invalid_input", "X-Tenant")
    problem = assert_problem(ask(tokens[1]), 403, "access_denied", "role")
    assert problem["detail"].endswith("ask somebody who is prompt engineer or admin")
    key = workbench.api_keys.issue(desks.tenant.context, "tests").key
    assert ask(key).json() == {"tenant": tenant, "role": None}
    admin = workbench.people.sign_in("", "admin", admin_password(workbench.settings))[0]
    assert ask(admin, **{"X-Tenant": domain}).json() == {"tenant": tenant, "role": "admin"}
    assert_problem(ask(admin), 422, "invalid_input", "X-Tenant")
    assert_problem(
        client.get("/agents/me", headers={"Authorization": f"Bearer {admin}"}),
        401,
        "invalid_credentials",
        "Authorization",
    )
    assert_problem(client.get("/tried"), 401, "invalid_api_key", "Authorization")


def test_the_api_leads_to_the_dashboards(client: TestClient, workbench: Workbench) -> None:
    answer = client.get("/dashboards/low-code?tenant=shop.example", follow_redirects=False)
    port = workbench.settings.resolved_dashboards_port
    assert answer.status_code == 307
    assert answer.headers["Location"] == f"http://testserver:{port}/dashboards/low-code?tenant=shop.example"
