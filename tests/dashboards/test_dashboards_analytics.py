"""The analytics page, as those see it who answer for the helpdesk, in a real browser."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pyarrow.parquet as pq
import pytest

from components.helpdesk.reports.conversation_list import conversation_batches
from components.helpdesk.reports.deflection import deflection, deflection_by
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.ratings import ratings
from dashboards.analytics.page import CONVERSATIONS, TABS
from dashboards.rendering import FILLED
from tests.apps_chat.apps_chat_pages import SCREENSHOTS
from tests.dashboards.analytics_talks import MONTH, tell_talks
from tests.dashboards.dashboards_people import DESKTOP, LOW_CONTRAST, PHONE, TABLET, Staff, opened, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from components.database.addresses import DatabaseAddresses
    from dashboards.desk import Desk

# Charts take a moment to follow.
_FITS = "document.documentElement.scrollWidth <= window.innerWidth"
_IDLE = "Bokeh.documents.every(each => each.is_idle)"
_CUT = "cards => cards.filter((card) => card.scrollHeight > card.clientHeight).map((card) => card.innerText)"
# Of the plots that are to be seen: what is left beside their labels.
_BARS_HAVE_ROOM = """[...Bokeh.index.roots].flatMap((root) => [...root.model.references()])
    .filter((model) => model.type === "Figure" && model.outer_width > 0)
    .every((plot) => plot.inner_width >= 0.45 * plot.outer_width && plot.inner_height >= 50)"""
NOVEMBER = Filters(date(2026, 11, 1), date(2026, 11, 28))


@pytest.fixture(scope="module")
def talks(desk: Desk, postgres: DatabaseAddresses, staff: Staff) -> None:
    """One of the two tenants has been talked to."""
    tell_talks(desk, postgres, staff.ours)


def show(page: Page, url: str, query: str) -> None:
    page.goto(f"{url}/dashboards/analytics?{query}")
    page.wait_for_selector(f".{FILLED}", state="attached")


@pytest.mark.usefixtures("talks")
def test_every_tab_shows_its_figures_on_every_screen(browser: Browser, dashboards: str, staff: Staff) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    heard = {
        "Deflection": "The same conversations under other definitions",
        "People": "When people are asked for",
        "Satisfaction": "Rating by day",
        "Topics": "Why questions were not answered",
        "Money": "Tokens by day and model",
        CONVERSATIONS: "Conversations that ended",
    }
    with opened(browser, dashboards, staff.form("analyst")) as page:
        show(page, dashboards, MONTH)
        page.wait_for_selector("text=What became of conversations, by the day they ended")
        for name in (*TABS, CONVERSATIONS):
            page.get_by_role("tab", name=name).click()
            page.wait_for_selector(f"h2:visible:has-text('{heard[name]}')")
            page.wait_for_function(_IDLE)
            page.screenshot(path=SCREENSHOTS / f"dashboards-analytics-{name.lower()}.png", full_page=True)
            assert page.evaluate(LOW_CONTRAST) == [], f"every text of {name} reads on its ground"
            assert page.locator(".rows:visible").evaluate_all(_CUT) == [], "no row hides in its card"
            for size in (TABLET, PHONE, DESKTOP):
                page.set_viewport_size({"width": size[0], "height": size[1]})
                page.wait_for_function(_FITS)
                page.wait_for_function(_BARS_HAVE_ROOM)
        assert page.url.endswith("tab=Conversations"), "an address can be sent to somebody else"
        show(page, dashboards, f"{MONTH}&tab=Money&channel=web")
        page.wait_for_selector("td:has-text('customers, web')")
        left_out = page.locator("h2:has-text('Not in these figures') ~ div.rows").inner_text()
        assert "evaluations of indexes and prompts" in left_out
        assert "unknown: calls from before this was kept" in left_out


@pytest.mark.usefixtures("talks")
def test_what_is_shown_is_what_the_reports_count_and_what_the_files_hold(
    browser: Browser, dashboards: str, staff: Staff, desk: Desk, tmp_path: Path
) -> None:
    with desk.reports.open([staff.ours]) as reader:
        total, by_day = deflection(reader, NOVEMBER), deflection_by(reader, NOVEMBER, "day")
    assert total.deflection_share is not None
    files = {}
    with opened(browser, dashboards, staff.form("analyst")) as page:
        show(page, dashboards, MONTH)
        card = page.locator("[data-headline=deflection]")
        assert f"{100 * total.deflection_share.value:.1f} %" in card.inner_text()
        assert str(total.counts.total_sessions) in page.locator("[data-headline=conversations]").inner_text()
        for kind in ("CSV", "Parquet"):
            with page.expect_download() as download:
                page.locator(".files-deflection_by_day").get_by_text(kind, exact=True).click()
            files[kind] = tmp_path / download.value.suggested_filename
            download.value.save_as(files[kind])
    assert files["CSV"].name == f"deflection-by-day_{staff.ours.domain}_2026-11-01_2026-11-28.csv"
    told = list(csv.DictReader(files["CSV"].read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["key"], int(row["verified"])) for row in told] == [(row.key, row.counts.verified) for row in by_day]
    table = pq.read_table(files["Parquet"])
    assert table.column("total_sessions").to_pylist() == [row.counts.total_sessions for row in by_day]
    assert json.loads(table.schema.metadata[b"helpdesk"])["tenants"] == [staff.ours.domain]


@pytest.mark.usefixtures("talks")
def test_a_click_on_a_bar_leads_to_its_conversations_and_to_what_was_said(
    browser: Browser, dashboards: str, staff: Staff, desk: Desk
) -> None:
    with desk.reports.open([staff.ours]) as reader:
        three = ratings(reader, NOVEMBER).stars[3]
    with opened(browser, dashboards, staff.form("analyst")) as page:
        show(page, dashboards, f"{MONTH}&tab=Satisfaction")
        page.wait_for_selector("h2:has-text('Stars')")
        plot = page.locator(".bk-Figure").first
        plot.scroll_into_view_if_needed()
        box = plot.bounding_box()
        assert box is not None
        # Five bars beside each other: the third is in the middle.
        page.mouse.click(box["x"] + 0.53 * box["width"], box["y"] + 0.75 * box["height"])
        page.wait_for_selector("h2:visible:has-text('3 stars')")
        page.wait_for_selector(f"text=1 to {three} of {three}")
        row = page.locator("tr[data-key] button").first
        row.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Where is my parcel, please?")
        page.get_by_text("Why this", exact=False).first.click()
        page.wait_for_selector("dt:visible:has-text('understood')")
        assert page.locator("article.customer").count() > 0
        page.get_by_label("Which").select_option("Ended: handed over")
        page.wait_for_selector("h2:visible:has-text('Ended: handed over')")


@pytest.mark.usefixtures("talks")
def test_a_conversation_has_an_address_for_its_own_tenants_people_alone(
    browser: Browser, dashboards: str, staff: Staff
) -> None:
    said = "article:visible:has-text('Where is my parcel, please?')"
    with opened(browser, dashboards, staff.form("analyst")) as page:
        show(page, dashboards, f"{MONTH}&tab=Conversations")
        page.locator("tr[data-key] button").first.click()
        page.wait_for_selector(said)
        page.wait_for_url("**&tab=Conversations&conversation=*")
        address, key = page.url, page.url.rpartition("=")[2]
        page.get_by_role("tab", name="Money").click()
        page.wait_for_url("**&tab=Money")
        page.go_back()
        page.wait_for_selector(said)
        page.context.clear_cookies()
        page.goto(address)
        form = staff.form("analyst")
        page.fill("[name=tenant]", form["tenant"])
        page.fill("[name=account]", form["account"])
        page.fill("[name=password]", form["password"])
        page.click("text=Sign in >> nth=-1")
        page.wait_for_selector(said)
        assert page.locator(f"tr[data-key='{key}'] [aria-pressed=true]").count() <= 1
    for query in (f"conversation={key}", f"{MONTH}&tab=Conversations&conversation={key}", "conversation=<b>no</b>"):
        with opened(browser, dashboards, staff.form("analyst", staff.theirs)) as page:
            show(page, dashboards, query)
            page.wait_for_selector("h2:visible:has-text('No such conversation')")
            assert page.locator("article.customer").count() == 0
            assert staff.ours.name not in page.content()


@pytest.mark.usefixtures("talks")
def test_the_file_of_a_list_holds_all_of_it_and_only_for_those_who_may_see_it(
    browser: Browser, dashboards: str, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_batches, "__kwdefaults__", {**conversation_batches.__kwdefaults__, "size": 40})
    with opened(browser, dashboards, staff.form("admin")) as page:
        show(page, dashboards, "since=2025-01-01&until=2026-11-30&tab=Conversations")
        page.get_by_label("Which").select_option("Ended: handed over")
        page.wait_for_selector("h2:visible:has-text('Ended: handed over')")
        page.wait_for_selector(".files-conversation_list a[href*=handed_over] >> nth=1")
        total = int(page.locator("p.quiet:visible:has-text('1 to 50 of')").inner_text().split(" of ")[1].split()[0])
        assert total > 80, "more than one batch"
        links = {
            kind: page.locator(".files-conversation_list").get_by_role("link", name=kind).get_attribute("href") or ""
            for kind in ("CSV", "Parquet")
        }
    with signed_in(dashboards, staff.form("admin")) as client:
        told, table = (client.get(links[kind]) for kind in ("CSV", "Parquet"))
        lines = list(csv.DictReader(io.StringIO(told.content.decode("utf-8-sig"), newline="")))
        assert {line["result"] for line in lines} == {"handed_over"}
        ids = [line["conversation_id"] for line in lines]
        assert (len(ids), len(set(ids))) == (total, total)
        assert pq.read_table(io.BytesIO(table.content)).column("conversation_id").to_pylist() == ids
        assert "conversation-list_" in told.headers["Content-Disposition"]
        assert client.get(f"{links['CSV']}&order=name").status_code == 400
    with signed_in(dashboards, staff.form("analyst", staff.theirs)) as client:
        assert client.get(links["CSV"]).status_code == 400
        own = client.get("/dashboards/analytics/conversations.csv?since=2025-01-01&until=2026-11-30")
        assert (own.status_code, own.text.count("\r\n")) == (200, 1)
        assert client.get(f"/dashboards/analytics/conversations.csv?tenant={staff.ours.domain}").status_code == 403
    with signed_in(dashboards, staff.form("agent")) as client:
        assert client.get(links["CSV"]).status_code == 403
    assert httpx.get(dashboards + links["CSV"]).status_code == 302


@pytest.mark.usefixtures("talks")
def test_filters_narrow_everything_and_stand_in_the_address(browser: Browser, dashboards: str, staff: Staff) -> None:
    with opened(browser, dashboards, staff.form("analyst")) as page:
        show(page, dashboards, f"{MONTH}&channel=email")
        page.wait_for_selector("text=1 to 28 November 2026, channel email >> nth=0")
        page.get_by_label("Period").select_option("Last 90 days")
        page.wait_for_url("**/analytics?period=90&channel=email")
        page.click("button:has-text('Refresh')")
        page.wait_for_selector("text=Refreshed in")
        show(page, dashboards, "since=2031-01-01&until=2031-01-31")
        page.wait_for_selector("text=There is nothing from 1 to 31 January 2031")
        page.click("button:has-text('Show ')")
        page.wait_for_selector("[data-headline=conversations]")
        show(page, dashboards, "period=fortnight")
        page.wait_for_selector("text=period='fortnight': allowed are 7, 30, 90")


@pytest.mark.usefixtures("talks")
def test_a_tenant_without_conversations_is_told_how_to_have_some_and_sees_no_other(
    browser: Browser, dashboards: str, staff: Staff
) -> None:
    theirs = staff.form("analyst", staff.theirs)
    with opened(browser, dashboards, theirs) as page:
        show(page, dashboards, MONTH)
        page.wait_for_selector("h2:has-text('No conversation yet')")
        link = page.get_by_text(f"/chat/{staff.theirs.domain}")
        assert link.count() == 1
        page.set_viewport_size({"width": 320, "height": 700})
        box = link.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] < 310, "the address breaks within its card"
        show(page, dashboards, f"{MONTH}&only={staff.ours.domain}")
        page.wait_for_selector(f"text=you see {staff.theirs.domain}")
        assert page.locator("[data-headline]").count() == 0
    with signed_in(dashboards, theirs) as client:
        assert client.get(f"/dashboards/analytics?tenant={staff.ours.domain}").status_code == 403


@pytest.mark.usefixtures("talks")
def test_an_admin_sees_all_tenants_together_or_some_of_them(browser: Browser, dashboards: str, staff: Staff) -> None:
    with opened(browser, dashboards, staff.form("admin")) as page:
        show(page, dashboards, MONTH)
        page.wait_for_selector("h2:has-text('By tenant')")
        show(page, dashboards, f"{MONTH}&only={staff.theirs.domain}")
        page.wait_for_selector("h2:has-text('No conversation yet')")
        page.get_by_label("Tenant").last.wait_for(state="attached")
