"""The chat in a real browser: what a customer sees and can do, on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from apps_chat_pages import BOX, CHROMIUM, DESK, PHONE, Visits, answered, last, ready, save, say, transcript

from components.core.tenant import Tenant

QUESTION = "Can I send unworn boots back?"

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no browser: chromium, chromium-browser or google-chrome is not on PATH"
)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_customer_greets_asks_reads_the_source_and_requests_a_refund(
    visits: Visits, shop: Tenant, size: tuple[int, int]
) -> None:
    name = f"chat-{size[0]}"
    page = visits.open(shop, visits.customer(size))
    assert page.locator(".hd-choice").all_inner_texts() == ["Can I return unworn boots?"]
    save(page, f"{name}-welcome")
    say(page, "Hello!")
    assert transcript(page)[:2] == [("bot", "Hello from the <i>boot</i> shop!"), ("customer", "Hello!")]
    assert last(page) == "Good day to you!"
    say(page, QUESTION)
    assert "45 days" in last(page)
    source = page.locator(".hd-source").first
    assert not source.locator(".hd-passage").is_visible()
    page.click("a.hd-number >> nth=0")
    assert "45 days" in source.locator("mark").first.inner_text()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    save(page, f"{name}-answer")
    say(page, "I want a refund")
    assert "order number" in last(page)
    say(page, "NT-20418873")
    before = transcript(page)
    page.reload()
    ready(page)
    answered(page, 4)
    assert transcript(page) == before
    say(page, "They are too small")
    save(page, f"{name}-form")
    page.click(".hd-choice:enabled >> text=Yes")
    answered(page, 6)
    assert re.search(r"ticket #\d+", last(page))
    assert page.locator(".hd-message[data-sequence] .hd-choice:enabled").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    say(page, "I want to talk to a human")
    page.wait_for_selector(".hd-waiting:visible")
    save(page, f"{name}-waiting")
    page.context.set_offline(True)
    page.fill(BOX, "One more thing")
    page.press(BOX, "Enter")
    page.wait_for_selector(".hd-offline:has-text('Reconnecting')")
    save(page, f"{name}-reconnecting")
    page.context.set_offline(False)
    page.wait_for_selector("[data-sequence] >> text=One more thing")
    page.wait_for_selector(".hd-offline", state="hidden")
    page.click(".hd-start-over")
    page.wait_for_selector(".hd-waiting", state="hidden")
    assert [text for _, text in transcript(page)].count("One more thing") == 1


def test_a_document_or_a_message_cannot_run_a_script_or_load_a_picture(visits: Visits, shop: Tenant) -> None:
    page = visits.open(shop)
    hostile = '<img src="https://evil.example/x.png" onerror="document.title=1"> unworn boots back?'
    say(page, hostile)
    assert ("customer", hostile) in transcript(page)
    say(page, QUESTION)
    assert "<img src=x onerror" in page.inner_text(".hd-title")
    assert page.title() == "Boots & Co"
    assert page.locator(".hd-log :is(img, script)").count() == 0


def test_a_thumb_is_stored_changed_and_shown_again_after_a_reload(
    visits: Visits, shop: Tenant, stored_ratings: Callable[[Tenant], list[int]]
) -> None:
    page = visits.open(shop)
    say(page, QUESTION)
    before = stored_ratings(shop)
    page.click("[data-rating='1']")
    page.wait_for_selector("[data-rating='1'][aria-pressed='true']")
    assert sorted(stored_ratings(shop)) == sorted([*before, 1])
    page.focus("[data-rating='-1']")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-rating='-1'][aria-pressed='true']")
    assert sorted(stored_ratings(shop)) == sorted([*before, -1])
    assert page.evaluate("document.activeElement.dataset.rating") == "-1"
    page.reload()
    page.wait_for_selector("[data-rating='-1'][aria-pressed='true']")
    assert page.get_attribute("[data-rating='1']", "aria-pressed") == "false"


def test_each_tenant_has_its_own_face(visits: Visits, shop: Tenant, cloud: Tenant) -> None:
    page = visits.open(shop)
    header = "getComputedStyle(document.querySelector('.hd-header')).backgroundColor"
    assert page.inner_text(".hd-logo") == "Boots & <b>Co</b>"
    assert page.evaluate(header) == "rgb(31, 95, 74)"
    other = visits.open(cloud)
    assert other.evaluate(header) == "rgb(255, 212, 0)"
    assert (other.inner_text(".hd-logo"), other.title()) == ("Cloudy", "Cloudy")
    assert other.locator("footer:visible").count() == 0
    assert "Gradio" not in other.inner_text("body")


def test_an_example_question_is_asked_with_one_press(visits: Visits, shop: Tenant) -> None:
    page = visits.open(shop)
    page.click(".hd-choice")
    answered(page, 1)
    assert transcript(page)[1] == ("customer", "Can I return unworn boots?")


def test_enter_sends_shift_enter_breaks_the_line_and_the_focus_stays(visits: Visits, shop: Tenant) -> None:
    page = visits.open(shop)
    page.focus(BOX)
    page.keyboard.type("Hello")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("there")
    assert page.locator(".hd-message[data-author='customer']").count() == 0
    page.keyboard.press("Enter")
    assert page.input_value(BOX) == ""
    answered(page, 1)
    assert ("customer", "Hello\nthere") in transcript(page)
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"


def test_a_message_that_runs_from_right_to_left_is_shown_so(visits: Visits, shop: Tenant) -> None:
    page = visits.open(shop)
    say(page, "هل يمكنني إرجاع الحذاء؟")
    direction = "getComputedStyle(document.querySelector('[data-author=customer] .hd-bubble')).direction"
    assert page.evaluate(direction) == "rtl"


def test_a_message_that_is_too_long_stays_in_the_box(visits: Visits, shop: Tenant) -> None:
    page = visits.open(shop)
    page.fill(BOX, "boots " * 1000)
    page.press(BOX, "Enter")
    page.wait_for_selector(".hd-notice >> text=5,999 characters")
    assert page.input_value(BOX).startswith("boots boots")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (390, "dark")])
def test_a_phone_shows_everything_without_scrolling_sideways(
    visits: Visits, shop: Tenant, width: int, scheme: str
) -> None:
    height = PHONE[1]
    page = visits.open(shop, visits.customer((width, height), scheme))
    say(page, "w" * 300 + " " + QUESTION)
    say(page, QUESTION)
    for selector in ("document.documentElement", "document.querySelector('.hd-log')"):
        assert page.evaluate(f"{selector}.scrollWidth <= {selector}.clientWidth")
    box = page.locator(BOX).bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= height - box["height"]
    small = """() => [...document.querySelectorAll('button, summary')].map((each) => each.getBoundingClientRect())
        .filter((box) => box.width && (box.width < 44 || box.height < 44)).length"""
    assert page.evaluate(small) == 0
    save(page, f"chat-phone-{width}-{scheme}")
