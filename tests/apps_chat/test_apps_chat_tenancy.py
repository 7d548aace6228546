"""Each address is one tenant's, whatever a client sends, and only what the page needs is open."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest
from apps_chat_client import GRADIO_WARNS, PATIENCE, ChatClient
from conftest import Served
from sqlalchemy import select

from apps.chat.page import WAITING
from apps.chat.wording import BUSY
from components.core.tenant import Tenant

if TYPE_CHECKING:
    from components.bootstrap import Workbench

pytestmark = pytest.mark.filterwarnings(GRADIO_WARNS)

QUESTION = "Can I send unworn boots back?"


def get(url: str, **more: object) -> httpx.Response:
    return httpx.get(url, timeout=PATIENCE, **more)  # type: ignore[arg-type]


def answer_id_in(html: str) -> str:
    return re.findall(r'data-answer="([^"]+)"', html)[0]


@pytest.mark.parametrize(
    "domain", ["nobody.example", "NOBODY", "..%2f..%2fetc", "%00.example", "a" * 300, "<b>.example"]
)
def test_an_unknown_domain_gets_a_friendly_page(served: Served, domain: str) -> None:
    response = get(f"{served.url}/chat/{domain}/")
    assert response.status_code == 404
    assert "There is no helpdesk" in response.text
    assert "<b>.example" not in response.text


def test_an_address_without_its_last_slash_leads_to_the_chat(served: Served, shop: Tenant) -> None:
    response = get(f"{served.url}/chat/{shop.domain}", follow_redirects=True)
    assert response.status_code == 200
    assert str(response.url) == served.chat(shop.domain)


def test_a_tenant_made_while_the_server_runs_has_a_chat(served: Served, workbench: Workbench) -> None:
    address = served.chat("fresh.example")
    assert get(address).status_code == 404
    tenant = workbench.tenants.create("Fresh", "fresh.example", {"greeting": "Just opened!"})
    assert "<title>Fresh</title>" in get(address).text
    assert "Just opened!" in ChatClient(address).send("load", [])[-1]
    workbench.tenants.update_config(tenant.tenant_id, {"greeting": "Changed!"})
    assert "Changed!" in ChatClient(address).send("load", [])[-1]
    workbench.tenants.delete(tenant.tenant_id)
    assert get(address).status_code == 404


def test_a_tenant_without_knowledge_says_so_politely(served: Served, workbench: Workbench) -> None:
    workbench.tenants.create("Empty", "empty.example", {"contact": "Call us."})
    html = ChatClient(served.chat("empty.example")).send("submit", [QUESTION])[-1]
    assert "still being prepared" in html
    assert "Call us." in html


def test_the_page_carries_the_tenants_name_and_colours_escaped(served: Served, shop: Tenant, cloud: Tenant) -> None:
    page = get(served.chat(shop.domain)).text
    assert "Boots &amp; &lt;b&gt;Co&lt;/b&gt;" in page
    assert "--hd-brand:#1f5f4a" in page
    other = get(served.chat(cloud.domain)).text
    assert "--hd-brand:#ffd400;--hd-on-brand:#000000" in other
    assert "Boots" not in other


def test_the_page_names_no_other_host_and_allows_none(served: Served, shop: Tenant) -> None:
    response = get(served.chat(shop.domain))
    assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)', response.text)
    assert "default-src 'self'" in response.headers["content-security-policy"]


def test_an_answer_is_streamed_and_cited(served: Served, shop: Tenant) -> None:
    pieces = ChatClient(served.chat(shop.domain)).send("submit", [QUESTION])
    assert "hd-typing" in pieces[0]
    assert "<mark>" in pieces[-1]
    assert "45 days" in pieces[-1]
    assert "<script" not in "".join(pieces)


def test_a_tenant_is_never_answered_from_anothers_knowledge(served: Served, shop: Tenant, cloud: Tenant) -> None:
    html = ChatClient(served.chat(cloud.domain)).send("submit", [QUESTION])[-1]
    assert "45 days" not in html


@pytest.mark.parametrize("extra", ["tenant_id", "domain", "root_path", "path", "request", "username"])
def test_a_tenant_named_in_the_body_is_ignored(served: Served, shop: Tenant, cloud: Tenant, extra: str) -> None:
    client = ChatClient(served.chat(cloud.domain))
    html = client.send("submit", [QUESTION], **{extra: str(shop.tenant_id)})[-1]
    assert "45 days" not in html


def test_headers_cannot_change_the_tenant(served: Served, shop: Tenant, cloud: Tenant) -> None:
    forged = {"X-Forwarded-Prefix": f"/chat/{shop.domain}", "X-Forwarded-Host": shop.domain, "X-Gradio-Server": "x"}
    page = get(served.chat(cloud.domain), headers=forged).text
    assert "Boots" not in page
    assert "Cloudy" in page


def test_a_session_cannot_be_listened_to_from_another_tenants_path(served: Served, shop: Tenant, cloud: Tenant) -> None:
    ours, theirs = (ChatClient(served.chat(tenant.domain), "shared") for tenant in (shop, cloud))
    function, component = ours.event("submit")
    ours.join({"data": [QUESTION], "fn_index": function, "trigger_id": component, "session_hash": "shared"})
    for session in ("shared", f"{shop.tenant_id.hex}.shared"):
        response = get(f"{theirs.address}gradio_api/queue/data", params={"session_hash": session})
        assert response.status_code in (400, 404)
    assert "45 days" in str(ours.messages())


def test_an_answer_cannot_be_rated_from_another_tenants_path(
    served: Served, shop: Tenant, cloud: Tenant, stored_ratings: Callable[[Tenant], list[int]]
) -> None:
    answer = answer_id_in(ChatClient(served.chat(shop.domain)).send("submit", [QUESTION])[-1])
    before = stored_ratings(shop)
    html = ChatClient(served.chat(cloud.domain)).send("rate", [], {"answer": answer, "rating": "1"})[-1]
    assert "can no longer be rated" in html
    assert stored_ratings(shop) == before
    assert stored_ratings(cloud) == []


def test_a_second_rating_replaces_the_first(
    served: Served, workbench: Workbench, shop: Tenant, stored_ratings: Callable[[Tenant], list[int]]
) -> None:
    client = ChatClient(served.chat(shop.domain))
    answer = answer_id_in(client.send("submit", [QUESTION])[-1])
    before = stored_ratings(shop)
    assert client.send("rate", [], {"answer": answer, "rating": "1"})[-1].count('aria-pressed="true"') == 1
    assert stored_ratings(shop) == [*before, 1]
    client.send("rate", [], {"answer": answer, "rating": "-1"})
    assert sorted(stored_ratings(shop)) == sorted([*before, -1])


@pytest.mark.parametrize(
    "event",
    [None, "x", [], {}, {"answer": 1, "rating": 1}, {"answer": "x", "rating": "1"}]
    + [{"answer": str(uuid4()), "rating": rating} for rating in ("5", "", None, "'", ["1"])],
)
def test_a_rating_that_makes_no_sense_changes_nothing(served: Served, shop: Tenant, event: object) -> None:
    assert ChatClient(served.chat(shop.domain)).send("rate", [], event) == [""]


def test_a_question_that_is_too_long_is_refused_politely_and_kept(served: Served, shop: Tenant) -> None:
    client = ChatClient(served.chat(shop.domain))
    html = client.send("submit", ["why " * 1001])[-1]
    assert "4,003 characters" in html
    assert "still in the box" in html


@pytest.mark.parametrize("question", ["", "  \n ", "\x00"])
def test_a_blank_question_does_nothing(served: Served, shop: Tenant, question: str) -> None:
    assert ChatClient(served.chat(shop.domain)).send("submit", [question]) == []


@pytest.mark.parametrize("question", ["b\x00oots back?", "boots \ud800 back?", "<script>x</script> boots back?"])
def test_a_question_of_odd_characters_is_answered(served: Served, shop: Tenant, question: str) -> None:
    html = ChatClient(served.chat(shop.domain)).send("submit", [question])[-1]
    assert "hd-feedback" in html
    assert "<script" not in html


@pytest.mark.parametrize(
    "path",
    [
        *("config", "gradio_api/info", "gradio_api/openapi.json", "gradio_api/file=/etc/passwd", "monitoring", "login"),
        *("gradio_api/upload", "gradio_api/deep_link?session_hash=x", "gradio_api/heartbeat/x", "dev/reload"),
        *("gradio_api/proxy=https://x.hf.space/", "gradio_api/component_server", "gradio_api/mcp", "manifest.json"),
    ],
)
def test_what_the_page_does_not_need_is_not_there(served: Served, shop: Tenant, path: str) -> None:
    assert get(served.chat(shop.domain) + path).status_code == 404
    assert httpx.post(served.chat(shop.domain) + path, json={}, timeout=PATIENCE).status_code == 404


@pytest.mark.parametrize("name", ["ask", "submit", "predict", "welcome", "rate"])
def test_no_event_has_a_public_name(served: Served, shop: Tenant, name: str) -> None:
    for way in ("run", "api", "call", "call/v2"):
        url = f"{served.chat(shop.domain)}gradio_api/{way}/{name}"
        assert httpx.post(url, json={"data": []}, timeout=PATIENCE).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        *([], {}, "x", {"data": []}, {"data": "x", "session_hash": "s"}, {"data": [], "session_hash": "../s"}),
        *({"data": [], "session_hash": "a.b"}, {"data": [], "session_hash": 5}, {"data": ["x" * 1_100_000]}),
    ],
)
def test_a_message_that_is_none_of_the_pages_is_refused(served: Served, shop: Tenant, body: object) -> None:
    assert ChatClient(served.chat(shop.domain)).join(body).status_code == 400


def test_every_answer_of_the_chat_is_stored_under_its_tenant(
    served: Served, workbench: Workbench, shop: Tenant
) -> None:
    from components.database.tables import AnswerRow

    answer = answer_id_in(ChatClient(served.chat(shop.domain)).send("submit", [QUESTION])[-1])
    with workbench.database.tenant(shop.context) as session:
        row = session.scalars(select(AnswerRow).where(AnswerRow.answer_id == answer)).one()
    assert (row.channel, row.question) == ("chat", QUESTION)


def test_a_full_queue_is_told_politely_and_the_others_are_answered(served: Served, shop: Tenant) -> None:
    client = ChatClient(served.chat(shop.domain))
    client.event("submit")
    sessions = [ChatClient(client.address, f"crowd{number}") for number in range(WAITING + 10)]
    function, component = client.event("submit")
    body = {"data": [QUESTION], "fn_index": function, "trigger_id": component}
    with ThreadPoolExecutor(len(sessions)) as crowd:
        replies = list(crowd.map(lambda each: each.join(body | {"session_hash": each.session}), sessions))
        taken = [session for session, reply in zip(sessions, replies, strict=True) if reply.status_code == 200]
        answers = list(crowd.map(lambda each: str(each.messages()), taken))
    refused = [reply for reply in replies if reply.status_code != 200]
    assert len(taken) >= WAITING
    assert {(reply.status_code, reply.json()["detail"]) for reply in refused} <= {(429, BUSY)}
    assert all("hd-feedback" in answer for answer in answers)
