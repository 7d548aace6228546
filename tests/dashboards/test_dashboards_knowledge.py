"""The knowledge page, as a knowledge manager uses it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dashboards.rendering import FILLED
from tests.apps_chat.apps_chat_pages import SCREENSHOTS
from tests.dashboards.dashboards_knowledge import DRAFT, fill_knowledge
from tests.dashboards.dashboards_people import DESKTOP, TABLET, Staff, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from dashboards.desk import Desk

TABS = ("Freshness and use", "Checks", "Contradictions", "Gaps")


@pytest.fixture(scope="module")
def knowledge(desk: Desk, staff: Staff, dashboards: str) -> str:
    """The page's address; one of the two tenants has knowledge, and it is ours."""
    fill_knowledge(desk, staff.ours)
    return f"{dashboards}/dashboards/knowledge"


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


@pytest.mark.parametrize("size", [DESKTOP, TABLET], ids=["desktop", "tablet"])
def test_every_part_says_what_there_is_and_fits(
    browser: Browser, dashboards: str, knowledge: str, staff: Staff, size: tuple[int, int]
) -> None:
    expected = {
        "Freshness and use": ("cannot be read since", "Quoted by no answer: 2 of 4", "From a change at the source"),
        "Checks": ("retrieval quality", "allowed loss 0.02"),
        "Contradictions": ("Another number: 45 / 30", "of delivery."),
        "Gaps": ("voucher, pay, gift", "14 questions were not answered"),
    }
    with opened(browser, dashboards, staff.form("knowledge_manager"), size) as page:
        page.goto(knowledge)
        page.wait_for_selector(f".{FILLED}")
        for name in TABS:
            tab(page, name)
            for text in expected[name]:
                page.get_by_text(text).first.wait_for()
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
            page.wait_for_function("Bokeh.documents.every(each => each.is_idle)")
            SCREENSHOTS.mkdir(exist_ok=True)
            page.screenshot(path=SCREENSHOTS / f"knowledge-{name.split()[0].lower()}-{size[0]}.png", full_page=True)


def test_a_draft_is_downloaded_and_a_dismissed_contradiction_goes(
    browser: Browser, dashboards: str, knowledge: str, staff: Staff
) -> None:
    with opened(browser, dashboards, staff.form("knowledge_manager")) as page:
        page.goto(knowledge)
        page.wait_for_selector(f".{FILLED}")
        tab(page, "Gaps")
        with page.expect_download() as download:
            page.get_by_text("Download this draft").first.click()
        assert download.value.suggested_filename == "draft-voucher-pay-gift.md"
        assert Path(download.value.path()).read_text() == DRAFT
        tab(page, "Contradictions")
        page.get_by_text("1 contradiction").wait_for()
        page.locator("mark", has_text="30").wait_for()
        assert {"45", "30"} <= set(page.locator("mark").all_inner_texts())
        page.get_by_text("Both hold: dismiss").click()
        page.get_by_text("0 contradictions").wait_for()
    with opened(browser, dashboards, staff.form("knowledge_manager", staff.theirs)) as page:
        page.goto(knowledge)
        page.wait_for_selector(f".{FILLED}")
        page.get_by_text("No source was read yet").wait_for()
        for name, empty in (
            ("Checks", "No check has run yet"),
            ("Contradictions", "Nobody has looked yet"),
            ("Gaps", "Nobody has looked yet"),
        ):
            tab(page, name)
            page.locator(":visible", has_text=empty).first.wait_for()


def test_an_admin_of_all_tenants_is_asked_to_choose(
    browser: Browser, dashboards: str, knowledge: str, staff: Staff
) -> None:
    with opened(browser, dashboards, staff.form("admin")) as page:
        page.goto(f"{knowledge}?tenant=all")
        page.get_by_text("Choose one tenant above").wait_for()
        page.goto(f"{knowledge}?tenant={staff.ours.domain}")
        page.get_by_text("cannot be read since").first.wait_for()
