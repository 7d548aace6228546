"""A customer's conversation over HTTP: what is sent, streamed, stored and read again."""

from __future__ import annotations

import re

from apps_api_chat import QUESTION, begin
from apps_api_customers import Customer
from fastapi.testclient import TestClient


def test_a_session_opens_with_what_the_helpdesk_says_first_and_a_token(client: TestClient, shop: Customer) -> None:
    opened = begin(client, shop.tenant.domain, name="Ada").opening
    assert set(opened) == {"session_id", "token", "expires_at", "status", "last_sequence", "messages"}
    assert opened["status"] == "bot"
    assert [message["sequence"] for message in opened["messages"]] == list(range(1, opened["last_sequence"] + 1))
    assert {message["author"] for message in opened["messages"]} <= {"bot", "system"}
    assert opened["messages"]
    assert "token" not in client.get(f"/chat/{opened['session_id']}").json()


def test_the_events_of_a_turn_come_in_their_order_and_done_has_the_whole(client: TestClient, shop: Customer) -> None:
    chatter = begin(client, shop.tenant.domain)
    told = chatter.stream(QUESTION)
    names = [name for name, _ in told]
    assert re.fullmatch(r"(typing )(delta )+(citations )+done", " ".join(names))
    done = told[-1][1]
    assert set(done) == {"session_id", "status", "last_sequence", "message", "messages", "repeated"}
    message = done["message"]
    assert (message["text"], message["author"], message["handled"]) == (QUESTION, "customer", True)
    (reply, *_) = done["messages"]
    assert "45 days" in reply["text"]
    assert reply["reply_to"] == message["sequence"]
    assert "".join(data["text"] for name, data in told if name == "delta" and data["reply"] == 0) == reply["text"]
    cited = [data["citations"] for name, data in told if name == "citations"]
    assert cited[0] == reply["citations"]
    for each in reply["citations"]:
        assert each["quote"] == each["passage"][each["start"] : each["end"]]
        assert set(each) == {"number", "title", "section", "passage", "quote", "start", "end"}


def test_json_gives_the_body_of_done_alone_and_html_where_it_is_asked_for(client: TestClient, shop: Customer) -> None:
    chatter = begin(client, shop.tenant.domain)
    done = chatter.say(QUESTION)
    assert "html" not in done["message"]
    rendered = chatter.say("<b>How long</b> can I return a jacket?", format="html")
    assert "&lt;b&gt;" in rendered["message"]["html"]
    assert all("<b>How" not in message["html"] for message in [rendered["message"], *rendered["messages"]])
    assert all("html" in message for message in chatter.read(format="html")["messages"])


def test_the_same_message_again_gets_the_same_replies_and_does_nothing_anew(client: TestClient, shop: Customer) -> None:
    chatter = begin(client, shop.tenant.domain)
    first = chatter.say(QUESTION, "once")
    again = chatter.say(QUESTION, "once")
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert {**again, "repeated": False} == first
    assert chatter.stream(QUESTION, "once")[-1] == ("done", again)
    assert chatter.read()["last_sequence"] == first["last_sequence"]
    clash = chatter.post("Another text", "once", accept="text/event-stream")
    assert (clash.status_code, clash.json()["code"]) == (409, "conflict")


def test_replay_gives_what_came_after_a_message_and_says_when_it_is_all(client: TestClient, shop: Customer) -> None:
    chatter = begin(client, shop.tenant.domain)
    done = chatter.say(QUESTION)
    whole = chatter.read()
    assert [message["sequence"] for message in whole["messages"]] == list(range(1, done["last_sequence"] + 1))
    assert (whole["pending"], whole["status"], whole["session_id"]) == (False, "bot", chatter.session)
    assert chatter.read(after=done["message"]["sequence"])["messages"] == done["messages"]
    assert chatter.read(after=done["last_sequence"])["messages"] == []
    assert chatter.read(after=10**6)["last_sequence"] == done["last_sequence"]


def test_an_answer_of_the_session_is_rated_and_of_another_is_not_found(client: TestClient, shop: Customer) -> None:
    chatter, other = begin(client, shop.tenant.domain), begin(client, shop.tenant.domain)
    answer = next(each["answer_id"] for each in chatter.say(QUESTION)["messages"] if "answer_id" in each)

    def rate(who: object, **body: object) -> tuple[int, str]:
        assert who in (chatter, other)
        asked = chatter if who is chatter else other
        response = client.post(f"{asked.path}/feedback", json={"answer_id": answer, **body}, headers=asked.headers)
        return response.status_code, response.json()["code"] if response.content else ""

    assert rate(chatter, rating=1, comment="Thanks") == (204, "")
    assert rate(chatter, rating=-1) == (204, "")
    assert rate(other, rating=1) == (404, "not_found")
    assert rate(chatter, rating=0) == (422, "invalid_input")
    assert rate(chatter, rating=1, colour="red") == (422, "invalid_input")


def test_turns_are_counted_by_outcome_and_timed_by_part(client: TestClient, shop: Customer) -> None:
    chatter = begin(client, shop.tenant.domain)
    chatter.say(QUESTION, "counted")
    chatter.say(QUESTION, "counted")
    chatter.post("Another", "counted", accept="application/json")
    figures = client.get("/metrics").text
    tenant = f'tenant="{shop.tenant.tenant_id}"'
    for outcome in ("replied", "repeated", "conflict"):
        assert re.search(rf'helpdesk_turns_total{{outcome="{outcome}",{tenant}}} [1-9]', figures)
    for part in ("answer", "store"):
        assert re.search(rf'helpdesk_turn_part_duration_seconds_count{{part="{part}"}} [1-9]', figures)


def test_the_page_keeps_its_place_beside_the_api(client: TestClient, shop: Customer) -> None:
    page = client.get(f"/chat/{shop.tenant.domain}/")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert client.get(f"/chat/{shop.tenant.domain}", follow_redirects=False).status_code == 307
