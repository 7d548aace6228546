"""The chat in a real browser: what a customer sees and can do, on a desk and on a phone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from apps_chat_client import GRADIO_WARNS
from conftest import Served

from apps.chat.wording import BUSY
from components.core.tenant import Tenant

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
DESK, PHONE = (1280, 800), (390, 844)
QUESTION = "Can I send unworn boots back?"
PATIENCE = 60_000

pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None, reason="no browser: chromium, chromium-browser or google-chrome is not on PATH"
    ),
    pytest.mark.filterwarnings(GRADIO_WARNS),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_chat(browser: Browser, served: Served) -> Iterator[Callable[..., Page]]:
    """Opens a tenant's chat. At the end of the test every request must have stayed on the host, and no
    script have failed."""
    asked: list[str] = []
    failures: list[str] = []
    pages: list[Page] = []

    def open_chat(tenant: Tenant, size: tuple[int, int] = DESK, scheme: str = "light") -> Page:
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.on("response", lambda response: failures.append(response.url) if response.status >= 400 else None)
        page.goto(served.chat(tenant.domain))
        page.wait_for_selector("#hd-welcome")
        pages.append(page)
        return page

    yield open_chat
    for page in pages:
        page.context.close()
    assert failures == []
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {urlsplit(served.url).netloc}


def ask(page: Page, question: str) -> None:
    page.fill("#hd-box textarea", question)
    page.press("#hd-box textarea", "Enter")
    page.wait_for_selector(".hd-turn:last-child :is(.hd-feedback, .hd-notice)")


def save(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_a_customer_asks_reads_the_cited_answer_and_opens_the_quote(
    open_chat: Callable[..., Page], shop: Tenant
) -> None:
    page = open_chat(shop)
    ask(page, QUESTION)
    assert "45 days" in page.inner_text(".hd-answer >> nth=-1")
    assert page.input_value("#hd-box textarea") == ""
    passage = page.locator(".hd-source").first
    assert not passage.locator(".hd-passage").is_visible()
    page.click("a.hd-number >> nth=0")
    assert "45 days" in passage.locator("mark").first.inner_text()
    assert passage.locator("mark").first.is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    save(page, "chat-desk")


def test_a_document_cannot_run_a_script_or_load_a_picture(open_chat: Callable[..., Page], shop: Tenant) -> None:
    page = open_chat(shop)
    ask(page, '<img src="https://evil.example/x.png" onerror="document.title=1"> unworn boots back?')
    assert page.title() == "Boots & Co"
    assert page.locator(".hd-log img, .hd-log script").count() == 0


def test_a_thumb_is_stored_and_changed_at_a_second_press(
    open_chat: Callable[..., Page], shop: Tenant, stored_ratings: Callable[[Tenant], list[int]]
) -> None:
    page = open_chat(shop)
    ask(page, QUESTION)
    before = stored_ratings(shop)
    page.click("[data-rating='1']")
    page.wait_for_selector("[data-rating='1'][aria-pressed='true']")
    assert stored_ratings(shop) == [*before, 1]
    page.focus("[data-rating='-1']")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-rating='-1'][aria-pressed='true']")
    assert sorted(stored_ratings(shop)) == sorted([*before, -1])
    assert page.get_attribute("[data-rating='1']", "aria-pressed") == "false"
    assert page.evaluate("document.activeElement.dataset.rating") == "-1"


def test_each_tenant_has_its_own_face(open_chat: Callable[..., Page], shop: Tenant, cloud: Tenant) -> None:
    page = open_chat(shop)
    assert page.inner_text(".hd-logo") == "Boots & <b>Co</b>"
    assert "Hello from the <i>boot</i> shop!" in page.inner_text("#hd-welcome")
    header = "getComputedStyle(document.querySelector('.hd-header')).backgroundColor"
    assert page.evaluate(header) == "rgb(31, 95, 74)"
    other = open_chat(cloud)
    assert other.evaluate(header) == "rgb(255, 212, 0)"
    assert other.inner_text(".hd-logo") == "Cloudy"
    assert other.title() == "Cloudy"


def test_an_example_question_is_asked_with_one_press(open_chat: Callable[..., Page], shop: Tenant) -> None:
    page = open_chat(shop)
    page.click(".hd-example")
    page.wait_for_selector(".hd-feedback")
    assert "Can I return unworn boots?" in page.inner_text(".hd-question")


def test_earlier_answers_stay_as_they_are_while_the_next_one_comes(
    open_chat: Callable[..., Page], shop: Tenant
) -> None:
    page = open_chat(shop)
    ask(page, QUESTION)
    page.click("a.hd-number >> nth=0")
    page.fill("#hd-box textarea", "Can worn boots be returned?")
    page.press("#hd-box textarea", "Enter")
    page.wait_for_function("document.querySelectorAll('.hd-feedback').length === 2")
    assert page.locator(".hd-source[open]").count() == 1


def test_a_question_that_is_too_long_stays_in_the_box(open_chat: Callable[..., Page], shop: Tenant) -> None:
    page = open_chat(shop)
    page.fill("#hd-box textarea", "boots " * 1000)
    page.press("#hd-box textarea", "Enter")
    page.wait_for_selector(".hd-notice")
    assert page.input_value("#hd-box textarea").startswith("boots boots")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (390, "dark")])
def test_a_phone_shows_everything_without_scrolling_sideways(
    open_chat: Callable[..., Page], shop: Tenant, width: int, scheme: str
) -> None:
    page = open_chat(shop, (width, PHONE[1]), scheme)
    ask(page, "w" * 300 + " " + QUESTION)
    ask(page, QUESTION)
    for selector in ("document.documentElement", "document.querySelector('.hd-log')"):
        assert page.evaluate(f"{selector}.scrollWidth <= {selector}.clientWidth")
    box = page.locator("#hd-box textarea").bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= PHONE[1] - box["height"]
    save(page, f"chat-phone-{width}-{scheme}")


def test_gradios_own_links_are_not_shown(open_chat: Callable[..., Page], shop: Tenant) -> None:
    page = open_chat(shop)
    assert page.locator("footer:visible").count() == 0
    assert "Gradio" not in page.inner_text("body")


def test_a_full_queue_asks_to_come_back_and_keeps_the_question(browser: Browser, served: Served, shop: Tenant) -> None:
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
    page = context.new_page()
    page.goto(served.chat(shop.domain))
    page.wait_for_selector("#hd-welcome")
    # What the dispatcher makes of a full queue.
    page.route("**/queue/join*", lambda route: route.fulfill(status=429, json={"detail": BUSY}))
    page.fill("#hd-box textarea", QUESTION)
    page.press("#hd-box textarea", "Enter")
    page.wait_for_selector(f"text={BUSY}")
    assert page.input_value("#hd-box textarea") == QUESTION
    save(page, "chat-busy")
    context.close()
