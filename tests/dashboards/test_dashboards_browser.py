"""Every page, as each role sees it, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from components.helpdesk.access.roles import STAFF_ROLES, Role, may
from dashboards.pages import PAGES
from dashboards.rendering import FILLED
from tests.apps_chat.apps_chat_pages import SCREENSHOTS
from tests.dashboards.dashboards_people import Staff, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize("role", [*STAFF_ROLES, "admin"])
def test_everybody_opens_the_pages_of_their_role(browser: Browser, dashboards: str, staff: Staff, role: Role) -> None:
    with opened(browser, dashboards, staff.form(role)) as page:
        for each in PAGES:
            page.goto(f"{dashboards}{each.url}")
            if may(role, each.permission):
                page.wait_for_selector(f".{FILLED}")
            SCREENSHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"{role}{each.path.replace('/', '-')}.png")
