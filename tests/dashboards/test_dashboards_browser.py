"""Every page, as each role sees it, in a real browser: on a desktop, on a tablet and on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from components.helpdesk.access.roles import STAFF_ROLES, Role, may
from dashboards.pages import PAGES
from dashboards.rendering import FILLED
from tests.apps_chat.apps_chat_pages import SCREENSHOTS
from tests.dashboards.dashboards_people import DESKTOP, LOW_CONTRAST, PHONE, TABLET, Staff, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Once what is drawn has taken its new size.
_FITS = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.mark.parametrize("role", [*STAFF_ROLES, "admin"])
def test_everybody_opens_the_pages_of_their_role(browser: Browser, dashboards: str, staff: Staff, role: Role) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    with opened(browser, dashboards, staff.form(role)) as page:
        for each in PAGES:
            page.goto(f"{dashboards}{each.url}")
            if may(role, each.permission):
                page.wait_for_selector(f".{FILLED}", state="attached")
                page.wait_for_function("document.querySelector('#hd-main').innerText.length > 0")
            assert page.evaluate(LOW_CONTRAST) == [], f"every text of {each.title} reads on its ground"
            for size in (DESKTOP, TABLET, PHONE):
                page.set_viewport_size({"width": size[0], "height": size[1]})
                page.wait_for_function(_FITS)
                assert size is not DESKTOP or page.locator(".hd-top").bounding_box()["height"] < 60, "one line"  # type: ignore[index]
                name = f"dashboards-{role}{each.path.replace('/', '-')}-{size[0]}.png"
                page.screenshot(path=SCREENSHOTS / name)


def test_a_tab_is_reached_by_keyboard_stands_in_the_address_and_takes_no_room_while_closed(
    browser: Browser, dashboards: str, staff: Staff
) -> None:
    height = "document.documentElement.scrollHeight"
    with opened(browser, dashboards, staff.form("admin")) as page:
        page.goto(f"{dashboards}/dashboards/low-code")
        page.get_by_role("tab", name="What can be changed").focus()
        tall = page.evaluate(height)
        page.keyboard.press("End")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=installs it beside a running helpdesk")
        assert page.evaluate(height) < tall / 2
        page.wait_for_url("**/low-code?tab=n8n")
        page.select_option("#hd-tenant", staff.theirs.domain)
        page.click(".hd-tenants button")
        page.wait_for_url(f"**/low-code?tenant={staff.theirs.domain}&tab=n8n")
        page.wait_for_selector("text=installs it beside a running helpdesk")
        page.get_by_role("tab", name="Flows", exact=True).click()
        page.wait_for_selector("[data-node=detect_intent]:visible")
        page.wait_for_url("**&tab=Flows")
        page.go_back()
        page.wait_for_selector("text=installs it beside a running helpdesk")
        assert page.get_by_role("tab", name="n8n").get_attribute("aria-selected") == "true"


def test_a_node_is_chosen_by_keyboard_and_shows_what_is_written_there(
    browser: Browser, dashboards: str, staff: Staff
) -> None:
    from playwright.sync_api import expect

    with opened(browser, dashboards, staff.form("supervisor")) as page:
        page.goto(f"{dashboards}/dashboards/low-code")
        page.get_by_role("tab", name="Flows", exact=True).click()
        expect(page.locator("[data-node]:visible").first).to_be_in_viewport(ratio=1)
        node = page.locator("[data-node=detect_intent]:visible")
        node.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("pre:visible:has-text('model: rasa_intent')")
        assert node.get_attribute("aria-pressed") == "true"


def test_the_admin_chooses_a_tenant_and_the_keyboard_reaches_the_page_first(
    browser: Browser, dashboards: str, staff: Staff
) -> None:
    with opened(browser, dashboards, staff.form("admin")) as page:
        page.goto(f"{dashboards}/dashboards/low-code")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.innerText") == "Skip to the page"
        page.select_option("#hd-tenant", staff.theirs.domain)
        page.click(".hd-tenants button")
        page.wait_for_selector("article:has-text('Now at Cloudlet')")
        assert page.url.endswith(f"?tenant={staff.theirs.domain}")
        page.click("text=Helpdesk workbench")
        assert page.locator("#hd-tenant").input_value() == staff.theirs.domain, "the choice stays from page to page"
        page.click("text=Sign out")
        page.wait_for_selector("text=E-mail address")
