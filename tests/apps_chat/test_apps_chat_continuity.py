"""A conversation in the browser goes on: through reloads, cut connections, other tabs and refusals, each thing once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from apps_chat_pages import BOX, CHROMIUM, Served, Visits, answered, ready, say, serving, transcript

from components.core.tenant import Tenant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

    from components.bootstrap import Workbench

QUESTION = "Can I send unworn boots back?"
MESSAGES = "**/messages*"

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no browser: chromium, chromium-browser or google-chrome is not on PATH"
)


@pytest.fixture
def stored(workbench: Workbench) -> Callable[[Tenant, Page], list[tuple[str, str]]]:
    """Authors and texts of the page's conversation, as the database has them."""

    def read(tenant: Tenant, page: Page) -> list[tuple[str, str]]:
        from uuid import UUID

        session = UUID(kept(page, tenant)["session"])
        messages = workbench.conversations.messages(tenant.context, session)
        return [(message.author, message.text) for message in messages]

    return read


def key(tenant: Tenant) -> str:
    return f"helpdesk/{tenant.domain}/session"


def kept(page: Page, tenant: Tenant) -> dict[str, str]:
    """What the browser keeps of the session."""
    found: dict[str, str] = json.loads(page.evaluate("key => localStorage.getItem(key)", key(tenant)))
    return found


def count(shown: list[tuple[str, str]], author: str) -> int:
    return sum(1 for each, _ in shown if each == author)


Stored = Callable[[Tenant, "Page"], list[tuple[str, str]]]


@pytest.mark.parametrize("reaches_the_server", [False, True])
def test_a_connection_that_is_cut_loses_and_doubles_nothing(
    visits: Visits, shop: Tenant, stored: Stored, reaches_the_server: bool
) -> None:
    page = visits.open(shop)
    say(page, "Hello!")
    cuts = 0

    def cut(route: Route) -> None:
        nonlocal cuts
        cuts += 1
        if reaches_the_server:
            route.fetch()
        route.abort()

    page.route(MESSAGES, cut, times=1)
    page.fill(BOX, QUESTION)
    page.press(BOX, "Enter")
    answered(page, 2)
    assert cuts == 1
    assert len(transcript(page)) == len(stored(shop, page))
    assert [text for _, text in stored(shop, page)].count(QUESTION) == 1
    assert count(transcript(page), "customer") == 2


def test_a_server_that_is_started_anew_is_found_again(browser: Browser, workbench: Workbench, shop: Tenant) -> None:
    with serving(workbench) as url:
        visits = Visits(browser, Served(url))
        page = visits.open(shop)
        say(page, "Hello!")
    page.fill(BOX, QUESTION)
    page.press(BOX, "Enter")
    page.wait_for_selector(".hd-offline:has-text('Reconnecting')")
    with serving(workbench, int(url.rpartition(":")[2])):
        answered(page, 2)
        page.wait_for_selector(".hd-offline", state="hidden")
        assert [text for _, text in transcript(page)].count(QUESTION) == 1
        visits.close()


def test_a_reload_before_the_answer_shows_it_once(visits: Visits, shop: Tenant, stored: Stored) -> None:
    page = visits.open(shop)
    say(page, "Hello!")
    page.fill(BOX, QUESTION)
    page.press(BOX, "Enter")
    page.reload()
    answered(page, 2)
    shown = transcript(page)
    assert [text for _, text in stored(shop, page)].count(QUESTION) == 1
    assert len(shown) == len(stored(shop, page))
    page.reload()
    answered(page, 2)
    assert transcript(page) == shown


def test_what_is_written_while_an_answer_comes_is_answered_in_its_order(
    visits: Visits, shop: Tenant, stored: Stored
) -> None:
    page = visits.open(shop)
    for text in ("Hello!", QUESTION, "Can worn boots be returned?"):
        page.fill(BOX, text)
        page.press(BOX, "Enter")
    answered(page, 3)
    said = [text for author, text in stored(shop, page) if author == "customer"]
    assert said == ["Hello!", QUESTION, "Can worn boots be returned?"]
    assert [text for author, text in transcript(page) if author == "customer"] == said


def test_two_tabs_show_one_conversation(visits: Visits, shop: Tenant) -> None:
    first = visits.open(shop)
    say(first, "Hello!")
    second = visits.open(shop, first.context)
    answered(second, 1)
    say(second, QUESTION)
    answered(first, 2)
    assert transcript(first) == transcript(second)


def test_a_session_that_is_over_is_followed_by_a_new_one(visits: Visits, shop: Tenant) -> None:
    visits.expect(401)
    page = visits.open(shop)
    say(page, "Hello!")
    page.evaluate(
        "key => localStorage.setItem(key, JSON.stringify({...JSON.parse(localStorage.getItem(key)), token: 'x.y.z'}))",
        key(shop),
    )
    page.reload()
    page.wait_for_selector(".hd-notice >> text=Your earlier conversation has ended")
    say(page, QUESTION)
    assert [text for author, text in transcript(page) if author == "customer"] == [QUESTION]


def test_a_session_that_ends_while_the_page_is_open_takes_the_message_along(visits: Visits, shop: Tenant) -> None:
    visits.expect(401)
    page = visits.open(shop)
    say(page, "Hello!")
    gone = json.dumps({"status": 401, "code": "invalid_session_token"})
    page.route(MESSAGES, lambda route: route.fulfill(status=401, body=gone), times=1)
    page.fill(BOX, QUESTION)
    page.press(BOX, "Enter")
    page.wait_for_selector(".hd-notice >> text=Your earlier conversation has ended")
    answered(page, 1)
    assert [text for author, text in transcript(page) if author == "customer"] == [QUESTION]


def test_another_tenants_stored_session_is_not_used(visits: Visits, shop: Tenant, cloud: Tenant) -> None:
    page = visits.open(shop)
    say(page, "Hello!")
    session = kept(page, shop)
    page.goto(visits.served.chat(cloud.domain))
    ready(page)
    assert page.inner_text(".hd-welcome .hd-bubble") == "Hello from the cloud!"
    page.evaluate("([key, kept]) => localStorage.setItem(key, JSON.stringify(kept))", [key(cloud), session])
    visits.asked.clear()
    page.reload()
    ready(page)
    say(page, "Hello!")
    assert not [url for url in visits.asked if session["session"] in url]
    assert transcript(page)[0] == ("bot", "Hello from the cloud!")


def test_a_new_conversation_is_begun_after_asking(visits: Visits, shop: Tenant) -> None:
    page = visits.open(shop)
    assert not page.locator(".hd-new").is_visible()
    say(page, "Hello!")
    page.click(".hd-new")
    page.click("text=Keep this one")
    assert count(transcript(page), "customer") == 1
    page.click(".hd-new")
    page.click("text=Start a new one")
    page.wait_for_selector(".hd-welcome:visible")
    assert transcript(page) == []
    page.reload()
    ready(page)
    assert page.locator(".hd-welcome").is_visible()


@pytest.mark.parametrize(("status", "code", "words"), [(429, "rate_limited", "quick"), (503, "unavailable", "Many")])
def test_a_message_that_is_refused_stays_in_the_box_and_is_taken_later(
    visits: Visits, shop: Tenant, stored: Stored, status: int, code: str, words: str
) -> None:
    visits.expect(status)
    page = visits.open(shop)
    say(page, "Hello!")
    problem = json.dumps({"status": status, "code": code})
    page.route(MESSAGES, lambda route: route.fulfill(status=status, body=problem), times=1)
    page.fill(BOX, QUESTION)
    page.press(BOX, "Enter")
    page.wait_for_selector(f".hd-notice >> text={words}")
    assert page.input_value(BOX) == QUESTION
    page.press(BOX, "Enter")
    answered(page, 2)
    assert page.locator(".hd-notice").count() == 0
    assert [text for _, text in stored(shop, page)].count(QUESTION) == 1
