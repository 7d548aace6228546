"""The customer's page while a person speaks, in a browser: files, what comes without a socket, and who is writing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from PIL import Image

from components.core.tenant import Tenant
from components.helpdesk.handover.attachments import MOST_BYTES
from tests.apps_chat.apps_chat_pages import BOX, CHROMIUM, answered, save, transcript
from tests.apps_console.apps_console_pages import PHONE, Desks, Shifts, eventually

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

    from components.helpdesk.conversations.conversation import Message

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no browser: chromium, chromium-browser or google-chrome is not on PATH"
)

FILES = ".hd-foot input[type=file]"
PUT = """([event, base64, name, type]) => {
    const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, { type }));
    const box = document.querySelector('.hd-box textarea');
    const init = { bubbles: true, cancelable: true, clipboardData: data, dataTransfer: data };
    box.dispatchEvent(event === 'paste' ? new ClipboardEvent(event, init) : new DragEvent(event, init));
}"""


def conversation(page: Page, tenant: Tenant) -> UUID:
    """The one that the page shows."""
    key = f"helpdesk/{tenant.domain}/session"
    return UUID(page.evaluate("key => JSON.parse(localStorage.getItem(key)).session", key))


def write(page: Page, text: str) -> None:
    page.fill(BOX, text)
    page.press(BOX, "Enter")


def waiting(shifts: Shifts, tenant: Tenant, context: BrowserContext | None = None) -> Page:
    page = shifts.open(tenant, context)
    write(page, "I want to talk to a human")
    page.wait_for_selector(".hd-waiting:visible")
    return page


def messages(desks: Desks, page: Page) -> tuple[Message, ...]:
    return desks.workbench.conversations.messages(desks.tenant.context, conversation(page, desks.tenant))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "torn zip.png"
    Image.new("RGB", (320, 200), "#d9822b").save(path)
    return path


def test_a_customer_attaches_a_picture_and_sees_it_in_the_message(
    shifts: Shifts, desks: Desks, shop: Tenant, picture: Path
) -> None:
    page = waiting(shifts, shop, shifts.customer(PHONE, "dark"))
    page.set_input_files(FILES, [picture])
    page.wait_for_selector(".hd-attached li:has-text('torn zip.png') img")
    save(page, "handover-phone-attached")
    write(page, "This one is broken")
    page.wait_for_selector("[data-author=customer][data-sequence] .hd-files a:has-text('torn zip.png (1 kB)') img")
    assert page.locator(".hd-attached li").count() == 0
    eventually(lambda: page.evaluate("document.querySelector('.hd-log img').naturalWidth") == 320)
    stored = [each for each in messages(desks, page) if each.author == "customer"][-1]
    assert (stored.text, [each.name for each in stored.details.attachments]) == ("This one is broken", ["torn zip.png"])
    with page.expect_download() as download:
        page.click(".hd-files a")
    assert download.value.path().read_bytes() == picture.read_bytes()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = """() => [...document.querySelectorAll('button, summary, .hd-files a')]
        .map((each) => each.getBoundingClientRect())
        .filter((box) => box.width && (box.width < 44 || box.height < 44)).length"""
    assert page.evaluate(small) == 0
    page.reload()
    page.wait_for_selector(".hd-files a:has-text('torn zip.png') img")


def test_a_file_alone_begins_a_conversation_and_may_be_taken_away_before(
    shifts: Shifts, desks: Desks, shop: Tenant, picture: Path
) -> None:
    page = shifts.open(shop)
    with page.expect_file_chooser() as chosen:
        page.press(".hd-attach", "Enter")
    chosen.value.set_files([picture])
    page.click(".hd-attached [aria-label='Remove torn zip.png']")
    assert page.locator(".hd-attached li").count() == 0
    page.set_input_files(FILES, [picture])
    page.wait_for_selector(".hd-attached li img")
    page.click(".hd-box [type=submit]")
    answered(page, 1)
    said = [each for each in messages(desks, page) if each.author == "customer"]
    assert [(each.text, len(each.details.attachments)) for each in said] == [("torn zip.png", 1)]
    frame = page.locator("[data-author=customer][data-sequence]")
    assert frame.locator(".hd-bubble").count() == 0
    assert frame.locator("a").inner_text() == "torn zip.png (1 kB)"


@pytest.mark.parametrize("event", ["paste", "drop"])
def test_a_picture_is_pasted_and_dropped(shifts: Shifts, shop: Tenant, picture: Path, event: str) -> None:
    from base64 import b64encode

    page = shifts.open(shop)
    page.evaluate(PUT, [event, b64encode(picture.read_bytes()).decode(), "shot.png", "image/png"])
    page.wait_for_selector(".hd-attached li:has-text('shot.png') img")


def test_a_file_that_is_not_taken_is_refused_with_the_reason_and_what_was_written_stays(
    shifts: Shifts, desks: Desks, shop: Tenant, tmp_path: Path
) -> None:
    shifts.expect(415)
    program, large = tmp_path / "tool.png", tmp_path / "film.png"
    program.write_bytes(b"MZ" + bytes(200))
    large.write_bytes(b"\x89PNG" + bytes(MOST_BYTES))
    page = waiting(shifts, shop)
    page.fill(BOX, "Look at this")
    page.set_input_files(FILES, [program])
    page.wait_for_selector(".hd-hint:has-text('tool.png: this kind of file is not taken')")
    page.set_input_files(FILES, [large])
    page.wait_for_selector(".hd-hint:has-text('film.png: this file is too large. Up to 10 MB are taken.')")
    assert page.locator(".hd-attached li").count() == 0
    page.press(BOX, "Enter")
    page.wait_for_selector("[data-author=customer][data-sequence]:has-text('Look at this')")
    assert not any(each.details.attachments for each in messages(desks, page))


def test_without_a_socket_the_agent_still_reaches_the_page_soon(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    context = shifts.customer()
    context.route("**/socket.io/**", lambda route: route.abort())
    context.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    page = waiting(shifts, shop, context)
    anna, session = desks.agent("Anna Berg"), conversation(page, shop)
    desks.workbench.desk.claim(shop.context, anna, session)
    desks.say(anna, session, "Can you read me?")
    page.wait_for_selector("[data-author=agent]:has-text('Can you read me?')", timeout=8_000)
    page.wait_for_selector(".hd-with:has-text('You are talking to Anna Berg.')", timeout=8_000)
    desks.workbench.desk.resolve(shop.context, anna, session)
    page.wait_for_selector(".hd-rate:visible", timeout=8_000)


def test_a_conversation_that_an_agent_takes_from_the_bot_is_live_within_a_poll(
    shifts: Shifts, desks: Desks, shop: Tenant
) -> None:
    page = shifts.open(shop)
    write(page, "Hello!")
    answered(page, 1)
    assert not any("/socket.io/" in url for url in shifts.asked)
    anna, session = desks.agent("Anna Berg"), conversation(page, shop)
    desks.workbench.desk.claim(shop.context, anna, session)
    page.wait_for_selector(".hd-with:has-text('Anna Berg')", timeout=20_000)
    desks.say(anna, session, "I take over")
    page.wait_for_selector("[data-author=agent]:has-text('I take over')", timeout=2_000)
    eventually(
        lambda: desks.workbench.conversations.get(shop.context, session).customer_read >= len(messages(desks, page))
    )


def test_what_agents_write_and_are_called_is_text(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    page = waiting(shifts, shop)
    hostile = "<img src=x onerror='document.title=1'>"
    anna, session = desks.agent(f"Anna {hostile}"), conversation(page, shop)
    desks.workbench.desk.claim(shop.context, anna, session)
    desks.say(anna, session, f"{hostile} [x](javascript:alert(1))")
    page.wait_for_selector("[data-author=agent]")
    assert hostile in transcript(page)[-1][1]
    assert hostile in page.inner_text(".hd-with")
    assert page.locator(".hd-log :is(img, script, a[href^=javascript])").count() == 0


def test_a_conversation_that_is_resolved_and_taken_up_again_is_rated_anew(
    shifts: Shifts, desks: Desks, shop: Tenant
) -> None:
    page = waiting(shifts, shop)
    anna, session = desks.agent("Anna"), conversation(page, shop)
    desks.workbench.desk.claim(shop.context, anna, session)
    desks.say(anna, session, "Done")
    desks.workbench.desk.resolve(shop.context, anna, session)
    page.wait_for_selector(".hd-rate:visible")
    page.check("[name=stars][value='2']")
    page.click(".hd-rate [name=send]")
    page.wait_for_selector(".hd-rate:has-text('Thank you')")
    write(page, "It is not done")
    page.wait_for_selector(".hd-waiting:visible")
    assert not page.is_visible(".hd-rate")
    desks.workbench.desk.claim(shop.context, anna, session)
    desks.workbench.desk.resolve(shop.context, anna, session)
    page.wait_for_selector(".hd-rate:visible")
    page.check("[name=stars][value='5']")
    page.click(".hd-rate [name=send]")
    eventually(lambda: desks.workbench.outcomes.get(shop.context, session).rating == 5)
    page.click(".hd-new")
    page.click("text=Start a new one")
    page.wait_for_selector(".hd-rate", state="hidden")
