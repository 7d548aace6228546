"""The ticket panel: a conversation's tickets are opened and moved on from the console, and missed politely."""

from __future__ import annotations

import pytest

from components.core.tenant import Tenant
from tests.apps_chat.apps_chat_pages import CHROMIUM
from tests.apps_console.apps_console_pages import Desks, Shifts, choose, eventually

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no browser: chromium, chromium-browser or google-chrome is not on PATH"
)


def test_a_ticket_is_opened_once_and_moved_on(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    desks.waiting(name="Ada tickets")
    page = shifts.console(shop, desks.agent("Anna"))
    choose(page, "Ada tickets")
    page.click("[data-panel=tickets]")
    page.fill(".hd-new-ticket [name=subject]", "The <b>zip</b> is broken")
    page.select_option(".hd-new-ticket [name=priority]", "high")
    page.click(".hd-new-ticket [type=submit]")
    ticket = page.locator(".hd-tickets li")
    ticket.wait_for()
    assert "The <b>zip</b> is broken" in ticket.inner_text()
    ticket.get_by_label("status").select_option("pending")
    eventually(
        lambda: ticket.get_by_label("status").input_value() == "pending" and ticket.get_by_label("status").is_enabled()
    )
    page.reload()
    choose(page, "Ada tickets")
    page.click("[data-panel=tickets]")
    eventually(lambda: page.locator(".hd-tickets li").count() == 1)
    assert page.get_by_label("status of").input_value() == "pending"
    assert page.get_by_label("priority of").input_value() == "high"


def test_where_tickets_cannot_be_reached_the_rest_goes_on(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    desks.waiting(name="Ada without")
    shifts.expect(503)
    page = shifts.console(shop, desks.agent("Anna"))
    page.route("**/tickets?*", lambda route: route.fulfill(status=503, json={"code": "unavailable"}))
    choose(page, "Ada without")
    page.click("[data-panel=tickets]")
    page.wait_for_selector("text=Tickets cannot be changed here at the moment.")
    page.click("[data-action=claim]")
    page.wait_for_selector(".hd-reply textarea:visible")
