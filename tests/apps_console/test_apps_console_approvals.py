"""Approvals and actions in the console: seen by every agent as they change, decided once, shown where they belong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from components.core.tenant import Tenant
from components.tools.invocation import Invocation
from components.tools.tool import Caller
from tests.apps_api.apps_api_actions import LIMIT, Pay, TakeBack
from tests.apps_chat.apps_chat_pages import CHROMIUM, save
from tests.apps_console.apps_console_pages import DESK, PHONE, Desks, Shifts, choose, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from components.bootstrap import Workbench

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no browser: chromium, chromium-browser or google-chrome is not on PATH"
)

PENDING, DECIDED, COUNT = ".hd-pending > li", ".hd-decided > li", ".hd-to-approvals .hd-count"
MUCH = LIMIT + 70


@pytest.fixture(scope="module")
def paying(workbench: Workbench) -> Workbench:
    """With tools whose calls are seen."""
    for tool in (Pay(), TakeBack()):
        workbench.actions.tools.add(tool)
    return workbench


@pytest.fixture
def desks(paying: Workbench) -> Desks:
    """A shop of its own: what waits is everybody's there."""
    config = {"actions": {"limit": LIMIT}, "branding": {"primary_color": "#1f5f4a", "accent_color": "#d9822b"}}
    return Desks(paying, paying.tenants.create("Northtrail", f"north-{uuid4().hex[:8]}.example", config))


@pytest.fixture
def asks(paying: Workbench, desks: Desks) -> Callable[..., Invocation]:
    """A program's call, for a conversation or none."""

    def ask(amount: float = MUCH, conversation_id: UUID | None = None, to: str = "ada@example.com") -> Invocation:
        given = {"to": to, "amount": amount}
        return paying.actions.tools.invoke(
            desks.tenant, "pay", given, Caller("api"), key=uuid4().hex, conversation_id=conversation_id
        )

    return ask


def shows(page: Page, selector: str, text: str) -> None:
    page.locator(selector, has_text=text).first.wait_for()


def test_what_waits_reaches_every_agent_and_one_of_them_approves_it(
    shifts: Shifts, desks: Desks, asks: Callable[..., Invocation]
) -> None:
    conversation = desks.waiting(name="Ada <b>refund</b>")
    page, phone = (
        shifts.console(desks.tenant, desks.agent("Anna")),
        shifts.console(desks.tenant, desks.agent("Ben"), PHONE),
    )
    page.click(".hd-to-approvals")
    shows(page, ".hd-approvals", "Nothing waits for approval.")
    shows(page, ".hd-approvals", "Nothing has been decided yet.")
    asks(conversation_id=conversation)
    for part in ("Pays an amount back", "120.00 (up to 50.00 nobody is asked)", "is more than the 50.00", "A program"):
        shows(page, PENDING, part)
    for part in ("Ada <b>refund</b>", "ada@example.com", "left"):
        shows(page, PENDING, part)
    assert page.inner_text(COUNT) == "1"
    page.click("text=Show what it would do")
    shows(page, ".hd-rehearsal", "paid")
    phone.click('[data-go="approvals"]')
    shows(phone, PENDING, "pay")
    save(page, "approvals-desk")
    save(phone, "approvals-phone")
    page.fill(f"{PENDING} textarea", "They sent it back.")
    page.click(f"{PENDING} >> text=Approve")
    for each in (page, phone):
        shows(each, DECIDED, "approved by Anna")
        eventually(lambda each=each: each.locator(PENDING).count() == 0)  # type: ignore[misc]
        eventually(lambda each=each: "done" in each.inner_text(f"{DECIDED} .hd-tag"))  # type: ignore[misc]
    assert "They sent it back." in page.inner_text(DECIDED)
    assert page.inner_text(f"{DECIDED} dl >> nth=1") == "paid\n120"
    assert page.inner_text(COUNT) == ""
    save(page, "approvals-decided")
    page.click(f"{DECIDED} >> text=Ada <b>refund</b>")
    page.wait_for_selector(".hd-about:visible")


def test_the_keyboard_alone_refuses_and_the_comment_survives_what_comes_meanwhile(
    shifts: Shifts, desks: Desks, asks: Callable[..., Invocation], paying: Workbench
) -> None:
    first = asks()
    page = shifts.console(desks.tenant, desks.agent("Anna"))
    eventually(lambda: page.inner_text(COUNT) == "1")
    page.keyboard.press("a")
    page.wait_for_selector(f"{PENDING}:visible")
    assert page.evaluate("document.activeElement.textContent") == "Approvals"
    page.locator(f"{PENDING} textarea").focus()
    page.keyboard.type("Not ou")
    asks(to="eve@example.com")
    eventually(lambda: page.locator(PENDING).count() == 2)
    page.keyboard.type("rs")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    shows(page, DECIDED, "refused by Anna")
    tools = paying.actions.tools
    refused = tools.invocation(desks.tenant, first.invocation_id)
    assert refused.failure is not None
    assert (refused.status, "Not ours" in refused.failure.message) == ("refused", True)
    assert page.locator(PENDING).count() == 1
    page.keyboard.press("a")
    page.wait_for_selector(".hd-approvals", state="hidden")


def test_what_a_colleague_has_decided_meanwhile_is_told(
    shifts: Shifts, desks: Desks, asks: Callable[..., Invocation], paying: Workbench
) -> None:
    call = asks()
    page = shifts.console(desks.tenant, desks.agent("Anna"))
    shifts.expect(409)
    page.click(".hd-to-approvals")
    page.wait_for_selector(PENDING)

    def overtaken(route: Any) -> None:
        assert call.approval_id is not None
        paying.actions.approvals.decide(desks.tenant.context, call.approval_id, approve=False, agent_id=None)
        route.continue_()

    page.route("**/approvals/*", overtaken)
    page.click(f"{PENDING} >> text=Approve")
    shows(page, ".hd-toast", "is refused already")
    shows(page, DECIDED, "refused by the operator")


def test_a_conversation_shows_what_was_done_for_it_and_takes_it_back(
    shifts: Shifts, desks: Desks, asks: Callable[..., Invocation], paying: Workbench, shop: Tenant
) -> None:
    conversation = desks.waiting(name="Ada actions")
    desks.waiting(name="Ben nothing")
    small, much = asks(12.5, conversation), asks(conversation_id=conversation)
    page = shifts.console(desks.tenant, desks.agent("Anna"), DESK)
    choose(page, "Ben nothing")
    page.click("[data-panel=calls]")
    shows(page, "#hd-panel-calls", "Nothing has been done for this conversation yet.")
    choose(page, "Ada actions")
    calls = page.locator(".hd-calls > li")
    eventually(lambda: calls.count() == 2)
    assert page.inner_text("[data-panel=calls] .hd-count") == "2"
    save(page, "actions-desk")
    done = calls.nth(1)
    assert [part in done.inner_text() for part in ("pay", "done", "A program", "12.5", "paid")] == [True] * 5
    done.get_by_role("button", name="Undo pay").click()
    page.click(".hd-confirm [value=yes]")
    eventually(lambda: page.locator('.hd-calls .hd-tag:has-text("taken back")').count() == 1)
    eventually(lambda: calls.count() == 3)
    assert "Anna" in calls.nth(0).inner_text()
    undone = paying.actions.tools.invocation(desks.tenant, small.invocation_id)
    assert undone.undone_by is not None
    assert page.get_by_role("button", name="Undo pay").count() == 0
    calls.nth(1).get_by_role("button", name="Decide on pay").click()
    page.click(f"{PENDING} >> text=Approve")
    shows(page, DECIDED, "approved by Anna")
    assert paying.actions.tools.invocation(desks.tenant, much.invocation_id).status == "done"
    stranger = shifts.console(shop, Desks(paying, shop).agent("Eve"))
    stranger.click(".hd-to-approvals")
    shows(stranger, ".hd-approvals", "Nothing has been decided yet.")
