"""Ratings and figures of conversations over HTTP: for those they belong to, and refused with a reason."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from apps_api_chat import QUESTION, Chatter, begin
from apps_api_customers import Customer
from fastapi.testclient import TestClient
from sqlalchemy import update

from apps.api.app import create_app
from components.bootstrap import Workbench
from components.database.tables import AnswerRow
from components.helpdesk.handover.agents import Agent


@pytest.fixture
def anna(workbench: Workbench, shop: Customer) -> Agent:
    return workbench.agents.create(
        shop.tenant.context, email=f"{uuid4().hex}@example.com", name="Anna", password="correct horse battery"
    )


def rate(chatter: Chatter, **body: object) -> int:
    response = chatter.client.post(f"{chatter.path}/rating", json=body, headers=chatter.headers)
    return response.status_code


def figures(client: TestClient, headers: dict[str, str], **params: str) -> dict[str, object]:
    response = client.get("/handover/outcomes", headers=headers, params=params)
    assert response.status_code == 200, response.text
    told: dict[str, object] = response.json()
    return told


def test_a_conversation_is_rated_once_somebody_has_answered_and_the_last_rating_counts(
    client: TestClient, shop: Customer, workbench: Workbench
) -> None:
    chatter = begin(client, shop.tenant.domain)
    assert rate(chatter, stars=5) == 409
    chatter.say(QUESTION)
    assert (rate(chatter, stars=2), rate(chatter, stars=5, comment=" Quick! ")) == (204, 204)
    outcome = workbench.outcomes.get(shop.tenant.context, UUID(chatter.session))
    assert (outcome.rating, outcome.comment) == (5, "Quick!")


@pytest.mark.parametrize(
    "body",
    [{}, {"stars": 0}, {"stars": 6}, {"stars": "5"}, {"stars": 5, "comment": "x" * 2001}, {"stars": 5, "extra": 1}],
)
def test_a_bad_rating_is_refused(client: TestClient, shop: Customer, body: dict[str, object]) -> None:
    assert rate(begin(client, shop.tenant.domain), **body) == 422


def test_nobody_rates_another_customers_conversation(client: TestClient, shop: Customer) -> None:
    mine, other = begin(client, shop.tenant.domain), begin(client, shop.tenant.domain)
    assert rate(Chatter(client, other.session, mine.token), stars=1) == 401


def test_agents_and_programs_read_the_figures_of_their_own_tenant(
    client: TestClient, shop: Customer, cloud: Customer, workbench: Workbench, anna: Agent
) -> None:
    chatter = begin(client, shop.tenant.domain)
    chatter.say("I want to talk to a human, please")
    conversation_id = UUID(chatter.session)
    workbench.desk.claim(shop.tenant.context, anna, conversation_id)
    workbench.desk.say(shop.tenant.context, anna, conversation_id, client_message_id="m", text="Hello, Anna here")
    workbench.desk.resolve(shop.tenant.context, anna, conversation_id)
    token, _ = workbench.agent_tokens.issue(shop.tenant.context, anna.agent_id)
    by_key, by_agent = figures(client, shop.headers), figures(client, {"Authorization": f"Bearer {token}"})
    for told in (by_key, by_agent):
        assert (told["total_sessions"], told["handed_over"], told["deflection"]) == (1, 1, 0.0)
        assert told["reasons"] == {"asked_by_customer": 1}
    assert figures(client, cloud.headers)["total_sessions"] == 0
    long_ago = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    assert figures(client, shop.headers, until=long_ago)["total_sessions"] == 0


def test_figures_are_refused_without_a_key_or_with_a_time_that_makes_no_sense(
    client: TestClient, shop: Customer
) -> None:
    chatter = begin(client, shop.tenant.domain)
    for headers in ({}, {"Authorization": "Bearer hd_wrong"}, chatter.headers):
        assert client.get("/handover/outcomes", headers=headers).status_code == 401
    now = datetime.now(UTC).isoformat()
    for params in ({"since": now, "until": now}, {"since": "2026-01-01T00:00:00"}, {"since": "yesterday"}):
        response = client.get("/handover/outcomes", headers=shop.headers, params=params)
        assert response.status_code == 422, response.text


def test_the_timers_run_while_the_api_is_served_and_leave_a_reserved_tenant_alone(
    client: TestClient, workbench: Workbench
) -> None:
    # Next to nothing: the next sweep apologises.
    soon = {"handover": {"wait_minutes": 0.0001}}
    tenant, reserved = (workbench.tenants.create("Shop", f"shop-{uuid4().hex[:12]}.example", soon) for _ in range(2))
    with workbench.database.reserve(reserved.context):
        left_alone = waiting(client, reserved.domain)
        chatter = waiting(client, tenant.domain)
        until_apologised(chatter)
        assert workbench.conversations.get(tenant.context, UUID(chatter.session)).status == "waiting"
        # One more, so that a whole sweep has begun since the other one waits.
        until_apologised(waiting(client, tenant.domain))
        assert not is_apologised(left_alone)
    until_apologised(left_alone)


def test_what_was_kept_long_enough_is_forgotten_while_the_api_is_served(workbench: Workbench, shop: Customer) -> None:
    context = shop.tenant.context
    old, young = (workbench.answering.answer(context, QUESTION, channel="console").answer_id for _ in range(2))
    with workbench.database.tenant(context) as session:
        session.execute(
            update(AnswerRow)
            .where(AnswerRow.answer_id == old)
            .values(created_at=datetime.now(UTC) - timedelta(days=workbench.settings.evaluation_days + 1))
        )
    with TestClient(create_app(workbench)):
        until = time.monotonic() + 30
        while any(each.answer_id == old for each in workbench.answers.list(context, limit=500)):
            assert time.monotonic() < until, "nothing was forgotten"
            time.sleep(0.1)
    assert workbench.answers.get(context, young)


def waiting(client: TestClient, domain: str) -> Chatter:
    chatter = begin(client, domain)
    assert chatter.say("I want to talk to a human, please")["status"] == "waiting"
    return chatter


def is_apologised(chatter: Chatter) -> bool:
    return any("ticket is #" in each["text"] for each in chatter.read()["messages"])


def until_apologised(chatter: Chatter) -> None:
    until = time.monotonic() + 30
    while not is_apologised(chatter):
        assert time.monotonic() < until, "no sweep came"
        time.sleep(0.2)
