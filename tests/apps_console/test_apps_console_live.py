"""Agents and customers at once: each sees what the others do as it happens, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import httpx
import pytest

from components.core.tenant import Tenant
from tests.apps_api.apps_api_chat import Chatter, begin
from tests.apps_api.apps_api_sockets import line
from tests.apps_chat.apps_chat_pages import CHROMIUM, Served, save
from tests.apps_console.apps_console_pages import ENTRY, REPLY, Desks, Shifts, choose, eventually, press, said

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no browser: chromium, chromium-browser or google-chrome is not on PATH"
)


@pytest.fixture
def grace() -> str:
    """A name that nobody else has."""
    return f"Grace {uuid4().hex[:8]}"


@pytest.fixture
def chat(served: Served, shop: Tenant, grace: str) -> Iterator[Chatter]:
    """A customer of this name who has asked for a person."""
    with httpx.Client(base_url=served.url, timeout=60) as client:
        chat = begin(client, shop.domain, name=grace)
        chat.say("I want to talk to a human")
        yield chat


def agents_words(page: Page) -> list[str]:
    return [text for author, text in said(page) if author == "agent"]


def test_a_new_conversation_is_announced_and_its_customer_answered_side_by_side(
    shifts: Shifts, desks: Desks, shop: Tenant
) -> None:
    page = shifts.console(shop, desks.agent("Anna Berg"))
    customer = shifts.open(shop)
    customer.fill(".hd-box textarea", "I want to talk to a human")
    customer.press(".hd-box textarea", "Enter")
    page.wait_for_selector(".hd-toast:has-text('The customer asked for a person.')")
    eventually(lambda: page.title().startswith("("))
    page.click(".hd-toast button:has-text('Open')")
    page.wait_for_selector(".hd-about:visible")
    press(page, "claim")
    page.fill(REPLY, "Good day, Anna here. How can I help?")
    page.press(REPLY, "Enter")
    customer.wait_for_selector("text=Good day, Anna here", timeout=30_000)
    customer.fill(".hd-box textarea", "My zip is broken")
    customer.press(".hd-box textarea", "Enter")
    page.wait_for_selector("[data-author=customer]:has-text('My zip is broken')")
    save(page, "handover-agent")
    save(customer, "handover-customer")


def test_a_colleague_sees_the_claim_and_cannot_take_it_too(
    shifts: Shifts, desks: Desks, shop: Tenant, chat: Chatter, grace: str
) -> None:
    anna, ben = desks.agent("Anna"), desks.agent("Ben")
    first, second = shifts.console(shop, anna), shifts.console(shop, ben)
    for page in (first, second):
        choose(page, grace)
    press(first, "claim")
    second.wait_for_selector(".hd-standing:has-text('with Anna')")
    assert not second.is_visible("[data-action=claim]")
    assert not second.is_visible(REPLY)
    first.fill(REPLY, "I take this one")
    first.press(REPLY, "Enter")
    second.wait_for_selector("[data-author=agent]:has-text('I take this one')")
    eventually(lambda: second.locator(f"{ENTRY}:has-text('{grace}')").count() == 0)


def test_what_is_passed_on_is_on_top_for_the_colleague(
    shifts: Shifts, desks: Desks, shop: Tenant, chat: Chatter, grace: str
) -> None:
    anna, ben = desks.agent("Anna"), desks.agent("Ben Transfer")
    first, second = shifts.console(shop, anna), shifts.console(shop, ben)
    choose(first, grace)
    press(first, "claim")
    first.click("[data-action=transfer]")
    first.select_option(".hd-transfer select", f"agent:{ben.agent_id}")
    first.fill(".hd-transfer [name=reason]", "knows zips")
    first.click(".hd-transfer [value=yes]")
    second.wait_for_selector(f"{ENTRY}:has-text('For you')")
    assert grace in second.inner_text(f"{ENTRY} >> nth=0")
    choose(second, "For you")
    second.click(".hd-context summary:has-text('What happened')")
    assert "knows zips" in second.inner_text(".hd-context")
    eventually(lambda: not first.is_visible(REPLY))


def test_returning_and_resolving_ask_first_and_then_nothing_can_be_written(
    shifts: Shifts, desks: Desks, shop: Tenant, chat: Chatter, grace: str
) -> None:
    page = shifts.console(shop, desks.agent("Anna"))
    choose(page, grace)
    press(page, "claim")
    page.click("[data-action=give_back]")
    page.click(".hd-confirm [value=no]")
    assert page.is_visible(REPLY)
    press(page, "give_back", sure=True)
    page.wait_for_selector(".hd-standing:has-text('with the bot')")
    assert not page.is_visible(REPLY)
    press(page, "claim", sure=True)
    press(page, "resolve", sure=True)
    page.wait_for_selector(".hd-standing:has-text('closed')")
    assert not page.is_visible(".hd-actions button")
    page.click("[data-view=closed]")
    page.wait_for_selector(f"{ENTRY}:has-text('{grace}')")


def test_what_is_written_without_a_connection_is_sent_once_when_it_is_back(
    shifts: Shifts, desks: Desks, shop: Tenant, chat: Chatter, grace: str
) -> None:
    page = shifts.console(shop, desks.agent("Anna"))
    choose(page, grace)
    press(page, "claim")
    page.wait_for_selector(f"{REPLY}:visible")
    page.context.set_offline(True)
    page.evaluate("() => window.dispatchEvent(new Event('offline'))")
    page.wait_for_selector(".hd-connection:has-text('No connection')")
    for text in ("first", "second", "third"):
        page.fill(REPLY, text)
        page.press(REPLY, "Enter")
    assert page.locator(".hd-unstored").count() == 3
    chat.post("Are you there?", accept="application/json")
    page.context.set_offline(False)
    eventually(lambda: agents_words(page) == ["first", "second", "third"], within=30)
    eventually(lambda: page.locator(".hd-unstored").count() == 0)
    page.wait_for_selector("[data-author=customer]:has-text('Are you there?')")
    stored = [each["text"] for each in chat.read()["messages"] if each["author"] == "agent"]
    assert stored == ["first", "second", "third"]


def test_an_answer_that_was_stored_before_the_page_went_away_is_not_sent_again(
    shifts: Shifts, desks: Desks, shop: Tenant, chat: Chatter, grace: str
) -> None:
    page = shifts.console(shop, desks.agent("Anna"))
    choose(page, grace)
    press(page, "claim")
    page.fill(REPLY, "only once")
    # The page is gone before it hears that the server has it, and what it kept is sent anew by the next one.
    page.evaluate("""() => {
        document.querySelector('.hd-reply').requestSubmit();
        setTimeout(() => location.reload(), 5);
    }""")
    page.wait_for_function("() => document.querySelector('.hd-entry') !== null")
    page.click("[data-view=mine]")
    choose(page, grace)
    eventually(lambda: agents_words(page) == ["only once"], within=30)
    page.wait_for_timeout(1_000)
    assert page.locator(".hd-unstored").count() == 0
    assert [each["text"] for each in chat.read()["messages"] if each["author"] == "agent"] == ["only once"]


def test_notes_are_seen_by_colleagues_at_once_and_never_by_the_customer(
    shifts: Shifts, desks: Desks, shop: Tenant, chat: Chatter, grace: str
) -> None:
    first, second = shifts.console(shop, desks.agent("Anna")), shifts.console(shop, desks.agent("Ben"))
    for page in (first, second):
        choose(page, grace)
        page.click("[data-panel=notes]")
    first.fill(".hd-note textarea", "Was rude <b>twice</b>")
    first.click(".hd-note [type=submit]")
    second.wait_for_selector(".hd-notes li:has-text('Was rude <b>twice</b>')")
    eventually(lambda: first.locator(".hd-notes li").count() == 1)
    assert "rude" not in str(chat.read())


def test_what_the_customer_has_read_is_marked_and_what_the_agent_has_read_is_kept(
    shifts: Shifts, desks: Desks, shop: Tenant, chat: Chatter, grace: str
) -> None:
    page = shifts.console(shop, desks.agent("Anna"))
    choose(page, grace)
    press(page, "claim")
    page.fill(REPLY, "Hello")
    page.press(REPLY, "Enter")
    page.wait_for_selector("[data-author=agent][data-sequence] .hd-state:has-text('Sent')")
    last, session = chat.read()["last_sequence"], UUID(chat.session)
    desks.workbench.desk.read(shop.context, session, "customer", last)
    page.wait_for_selector("[data-author=agent] .hd-state:has-text('Read')")
    eventually(lambda: desks.workbench.conversations.get(shop.context, session).agent_read == last)


def test_typing_is_seen_on_both_sides(shifts: Shifts, desks: Desks, shop: Tenant, chat: Chatter, grace: str) -> None:
    page = shifts.console(shop, desks.agent("Anna Typing"))
    choose(page, grace)
    press(page, "claim")
    page.wait_for_selector(f"{REPLY}:visible")
    told: list[dict[str, object]] = []
    typed = threading.Event()

    async def customer() -> None:
        auth = desks.customers_auth(UUID(chat.session))
        async with line(shifts.served.url, auth) as socket:
            await socket.done("typing", typing=True)
            typed.set()
            told.append(await socket.heard("typing", who="agent", typing=True))

    # Playwright has an event loop of its own in this thread.
    thread = threading.Thread(target=lambda: asyncio.run(customer()))
    thread.start()
    page.wait_for_selector(f".hd-live:has-text('{grace} is writing…')")
    assert typed.wait(10)
    page.type(REPLY, "I am")
    thread.join(20)
    assert [each["name"] for each in told] == ["Anna Typing"]


def test_a_conversation_of_ones_own_shows_what_is_unread_while_another_is_open(
    shifts: Shifts, desks: Desks, shop: Tenant, chat: Chatter, grace: str
) -> None:
    anna, other = desks.agent("Anna"), f"Other {uuid4().hex[:8]}"
    desks.workbench.desk.claim(shop.context, anna, desks.waiting(name=other))
    page = shifts.console(shop, anna)
    choose(page, grace)
    press(page, "claim")
    page.click("[data-view=mine]")
    choose(page, other)
    chat.post("Hello? Anybody?", accept="application/json")
    page.wait_for_selector(f"{ENTRY}:has-text('{grace}') .hd-unread:has-text('1')")
    choose(page, grace)
    eventually(lambda: page.locator(f"{ENTRY}:has-text('{grace}') .hd-unread").count() == 0)
