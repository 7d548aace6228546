"""What agents read over HTTP: their tenant's queue and conversations, with what helps to answer, and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import httpx
import pytest
from apps_api_chat import QUESTION, begin
from apps_api_customers import Customer
from apps_api_sockets import Desks

from components.helpdesk.handover.agents import Agent

if TYPE_CHECKING:
    from components.bootstrap import Workbench


@pytest.fixture
def desks(workbench: Workbench, shop: Customer) -> Desks:
    return Desks(workbench, shop.tenant)


@pytest.fixture
def anna(desks: Desks) -> Agent:
    return desks.agent("Anna")


def headers(desks: Desks, agent: Agent) -> dict[str, str]:
    return {"Authorization": f"Bearer {desks.agents_auth(agent)['token']}"}


def get(client: httpx.Client, desks: Desks, agent: Agent, path: str, **params: Any) -> Any:
    response = client.get(path, headers=headers(desks, agent), params=params)
    assert response.status_code == 200, response.text
    return response.json()


def entry(queue: Any, session: object) -> Any:
    return next((each for each in queue["items"] if each["session_id"] == str(session)), None)


def test_the_queue_shows_who_waits_why_and_how_urgent_it_is(client: httpx.Client, desks: Desks, anna: Agent) -> None:
    waiting = desks.waiting()
    queue = get(client, desks, anna, "/handover/queue")
    found = entry(queue, waiting)
    assert (found["status"], found["reason"], found["sla"]) == ("waiting", "asked_by_customer", "green")
    assert found["waiting_since"] < found["amber_at"] < found["red_at"]
    assert (found["customer"]["name"], found["unread"], found["last"]["text"]) == ("Ada", 1, "A colleague will come")
    assert queue["waiting"] >= 1
    desks.workbench.desk.claim(desks.tenant.context, anna, waiting)
    mine = get(client, desks, anna, "/handover/queue", view="mine")
    assert [each["session_id"] for each in mine["items"]] == [str(waiting)]
    assert (mine["mine"], mine["items"][0]["agent"]) == (1, "Anna")
    assert entry(get(client, desks, anna, "/handover/queue"), waiting) is None


def test_an_unknown_view_is_refused_with_those_there_are(client: httpx.Client, desks: Desks, anna: Agent) -> None:
    response = client.get("/handover/queue", params={"view": "theirs"}, headers=headers(desks, anna))
    assert response.status_code == 422
    assert "waiting" in response.text


def test_a_conversation_is_told_with_what_was_said_why_it_was_handed_over_and_what_was_noted(
    client: httpx.Client, desks: Desks, anna: Agent
) -> None:
    chat = begin(client, desks.tenant.domain, name="Grace <b>")
    chat.say(QUESTION)
    chat.say("I want to talk to a human")
    session = UUID(chat.session)
    desks.workbench.desk.claim(desks.tenant.context, anna, session)
    desks.workbench.notes.add(desks.tenant.context, anna, session, client_note_id="n1", text="Is kind")
    told = get(client, desks, anna, f"/handover/conversations/{session}")
    assert (told["status"], told["agent"], told["customer"]) == ("agent", "Anna", {"name": "Grace <b>"})
    assert told["handover"]["reason"] == "asked_by_customer"
    assert [each["kind"] for each in told["changes"]] == ["request", "claim"]
    assert told["changes"][1]["agent"] == "Anna"
    assert [each["text"] for each in told["notes"]] == ["Is kind"]
    assert [each["sequence"] for each in told["messages"]] == list(range(1, told["last_sequence"] + 1))
    answer = next(each for each in told["messages"] if each.get("answer_id"))
    assert answer["lineage"]["steps"]
    assert "45 days" in answer["html"]
    # The customer's to press.
    assert "hd-thumb" not in answer["html"]
    lineage = get(client, desks, anna, f"/handover/answers/{answer['answer_id']}")
    assert (lineage["question"], lineage["answered"]) == (QUESTION, True)


def test_earlier_messages_come_in_pieces(client: httpx.Client, desks: Desks, anna: Agent) -> None:
    session = desks.claimed(anna)
    for number in range(104):
        desks.say(anna, session, f"number {number}")
    told = get(client, desks, anna, f"/handover/conversations/{session}")
    first = told["messages"][0]["sequence"]
    assert (len(told["messages"]), first) == (100, 9)
    before = get(client, desks, anna, f"/handover/conversations/{session}/messages", before=first)
    assert [each["sequence"] for each in before["messages"]] == list(range(1, first))


def test_a_customer_who_is_known_brings_earlier_conversations_and_tickets(
    client: httpx.Client, desks: Desks, anna: Agent
) -> None:
    from sqlalchemy import update

    from components.helpdesk.conversations.store import CONVERSATIONS

    email = f"{uuid4().hex}@example.com"
    first, second, other = desks.waiting(), desks.waiting(), desks.waiting()
    with desks.workbench.database.tenant(desks.tenant.context) as session:
        known = CONVERSATIONS.c.conversation_id.in_([first, second])
        session.execute(update(CONVERSATIONS).where(known).values(customer={"name": "Ada", "email": email}))
    told = get(client, desks, anna, f"/handover/conversations/{second}")
    assert [each["session_id"] for each in told["earlier"]] == [str(first)]
    # A name alone says nothing.
    assert get(client, desks, anna, f"/handover/conversations/{other}")["earlier"] == []


def test_suggestions_quote_the_knowledge_with_its_passages(client: httpx.Client, desks: Desks, anna: Agent) -> None:
    session = desks.opened()
    desks.ask(session, QUESTION)
    told = get(client, desks, anna, f"/handover/conversations/{session}/suggestions")
    assert told["state"] == "found"
    suggestion = told["suggestions"][0]
    assert "45 days" in suggestion["insert"]
    assert "[1]" in suggestion["text"]
    assert "[1]" not in suggestion["insert"]
    assert "hd-source" in suggestion["html"]
    assert get(client, desks, anna, f"/handover/answers/{suggestion['answer_id']}")["channel"] == "console"


def test_where_the_knowledge_has_nothing_it_is_said(client: httpx.Client, desks: Desks, anna: Agent) -> None:
    session = desks.opened()
    path = f"/handover/conversations/{session}/suggestions"
    assert get(client, desks, anna, path)["state"] == "no_question"
    desks.ask(session, "What is the melting point of tungsten?")
    told = get(client, desks, anna, path)
    assert (told["state"], told["suggestions"]) == ("nothing", [])
    assert told["asked"] == ["What is the melting point of tungsten?"]


def test_a_summary_quotes_what_was_said_and_where(client: httpx.Client, desks: Desks, anna: Agent) -> None:
    session = desks.opened()
    desks.ask(session, QUESTION)
    told = get(client, desks, anna, f"/handover/conversations/{session}/summary")
    assert told["made_by"] == "extractive"
    lines = {tuple(each["sequences"]): each["text"] for each in told["lines"]}
    assert QUESTION in lines[(2,)]
    assert "A colleague will come" in lines[(3,)]


def test_canned_answers_are_kept_changed_and_removed(client: httpx.Client, desks: Desks, anna: Agent) -> None:
    path, sent = "/handover/canned-answers", headers(desks, anna)
    for text in ("Hello {{customer.name}}", "Hello {{ customer.name }}!"):
        assert client.put(f"{path}/hello", json={"text": text}, headers=sent).status_code == 200
    found = get(client, desks, anna, path)["canned_answers"]
    assert [(each["name"], each["text"]) for each in found] == [("hello", "Hello {{ customer.name }}!")]
    assert client.delete(f"{path}/hello", headers=sent).status_code == 204
    assert client.delete(f"{path}/hello", headers=sent).status_code == 404
    assert get(client, desks, anna, path)["canned_answers"] == []


@pytest.mark.parametrize(
    ("name", "text"), [("Hello", "x"), ("a b", "x"), ("x" * 41, "x"), ("x", ""), ("x", "{{customer.password}}")]
)
def test_a_canned_answer_that_would_not_work_is_refused_by_name(
    client: httpx.Client, desks: Desks, anna: Agent, name: str, text: str
) -> None:
    sent = {"text": text}
    response = client.put(f"/handover/canned-answers/{name}", json=sent, headers=headers(desks, anna))
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_input"


def test_teams_are_those_of_the_tenant(client: httpx.Client, desks: Desks, anna: Agent) -> None:
    desks.agent("Ben", team="returns")
    assert "returns" in get(client, desks, anna, "/handover/teams")["teams"]


ROUTES = [
    ("GET", "/handover/queue"),
    ("GET", "/handover/teams"),
    ("GET", "/handover/conversations/{session}"),
    ("GET", "/handover/conversations/{session}/messages?before=9"),
    ("GET", "/handover/conversations/{session}/suggestions"),
    ("GET", "/handover/conversations/{session}/summary"),
    ("GET", "/handover/answers/{answer}"),
    ("GET", "/handover/canned-answers"),
    ("PUT", "/handover/canned-answers/x"),
    ("DELETE", "/handover/canned-answers/x"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("whose", ["nobody", "a customer", "a program", "an agent who left"])
def test_only_agents_are_answered(
    client: httpx.Client, desks: Desks, shop: Customer, anna: Agent, whose: str, method: str, path: str
) -> None:
    session = desks.waiting()
    gone = desks.agent("Gone")
    sent = {
        "nobody": {},
        "a customer": {"Authorization": f"Bearer {desks.customers_auth(session)['token']}"},
        "a program": shop.headers,
        "an agent who left": headers(desks, gone),
    }[whose]
    desks.workbench.agents.deactivate(desks.tenant.context, gone.agent_id)
    address = path.format(session=session, answer=uuid4())
    response = client.request(method, address, headers=sent, json={"text": "x"} if method == "PUT" else None)
    assert response.status_code == 401
    assert response.json()["code"] == "invalid_credentials"


@pytest.mark.parametrize("path", [path for _, path in ROUTES if "{session}" in path or "{answer}" in path])
def test_another_tenants_conversation_is_not_found(
    client: httpx.Client, desks: Desks, workbench: Workbench, cloud: Customer, path: str
) -> None:
    chat = begin(client, desks.tenant.domain)
    answer = next(each["answer_id"] for each in chat.say(QUESTION)["messages"] if "answer_id" in each)
    others = Desks(workbench, cloud.tenant)
    response = client.get(
        path.format(session=chat.session, answer=answer), headers=headers(others, others.agent("Spy"))
    )
    assert response.status_code == 404
    assert "45 days" not in response.text


def test_another_tenants_queue_and_canned_answers_are_its_own(
    client: httpx.Client, desks: Desks, workbench: Workbench, cloud: Customer, anna: Agent
) -> None:
    waiting = desks.waiting()
    client.put("/handover/canned-answers/ours", json={"text": "Ours"}, headers=headers(desks, anna))
    others = Desks(workbench, cloud.tenant)
    spy = others.agent("Spy")
    for view in ("waiting", "mine", "all", "closed"):
        assert entry(get(client, others, spy, "/handover/queue", view=view), waiting) is None
    assert get(client, others, spy, "/handover/canned-answers")["canned_answers"] == []
    assert client.delete("/handover/canned-answers/ours", headers=headers(others, spy)).status_code == 404
    desks.agent("Ben", team="ours")
    assert get(client, others, spy, "/handover/teams")["teams"] == []
    assert entry(get(client, desks, anna, "/handover/queue"), waiting) is not None
