"""A customer and an agent in two browsers side by side, from the question for a person to the stars at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from PIL import Image, ImageDraw

from components.core.tenant import Tenant
from tests.apps_api.apps_api_customers import SHOP
from tests.apps_chat.apps_chat_pages import BOX, CHROMIUM, answered, ready, save, transcript
from tests.apps_console.apps_console_pages import (
    DESK,
    ENTRY,
    PASSWORD,
    PHONE,
    REPLY,
    Desks,
    Shifts,
    eventually,
    press,
    sign_in,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from components.bootstrap import Workbench

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no browser: chromium, chromium-browser or google-chrome is not on PATH"
)

QUESTION = "How many days do I have to return a jacket?"
PERSON = "I want to talk to a human"
CUT = ("Sending it back is free of charge.", "Please pack it dry.", "The refund takes five working days.")

ARRIVAL = """() => new MutationObserver(() => {
    if (document.querySelector('[data-author=agent][data-sequence]')) window.arrivedAt ??= Date.now();
}).observe(document.querySelector('.hd-log'), { childList: true })"""


@pytest.fixture(params=["desk", "phone"])
def trail(request: pytest.FixtureRequest, workbench: Workbench, make_folder: Callable[[], Path]) -> Desks:
    """A shop that nobody else waits in."""
    from components.knowledge.folder_source import FolderSource

    branding = {"primary_color": "#1f5f4a", "accent_color": "#d9822b", "logo_text": "Northtrail"}
    config = {"branding": branding, "greeting": "Welcome to Northtrail! Ask me about delivery, returns or care."}
    tenant = workbench.tenants.create("Northtrail Outfitters", f"northtrail-{request.param}.example", config)
    folder = make_folder()
    for name, text in SHOP.items():
        (folder / name).write_text(text)
    workbench.ingestion.ingest(tenant, [FolderSource("help", folder)])
    return Desks(workbench, tenant)


def write(page: Page, box: str, text: str) -> None:
    page.fill(box, text)
    page.press(box, "Enter")


def label(path: Path) -> Path:
    """A picture as an agent would send one."""
    image = Image.new("RGB", (560, 260), "#fffdf6")
    draw = ImageDraw.Draw(image)
    draw.rectangle((14, 14, 545, 245), outline="#1f5f4a", width=5)
    draw.text((40, 36), "RETURN LABEL", fill="#1f5f4a", font_size=40)
    draw.text((40, 96), "Northtrail Returns, Dock 4", fill="#1c2129", font_size=24)
    for at in range(46):
        draw.rectangle((40 + at * 10, 150, 40 + at * 10 + (at * 7) % 5 + 2, 225), fill="#1c2129")
    image.save(path)
    return path


def conversation(desks: Desks, page: Page) -> UUID:
    """The one that the page shows."""
    key = f"helpdesk/{desks.tenant.domain}/session"
    return UUID(page.evaluate("key => JSON.parse(localStorage.getItem(key)).session", key))


def stored(desks: Desks, page: Page) -> list[tuple[str, str]]:
    """Authors and texts, as the database has them."""
    messages = desks.workbench.conversations.messages(desks.tenant.context, conversation(desks, page))
    return [(each.author, each.text) for each in messages if each.author in ("customer", "agent")]


def spoken(page: Page) -> list[tuple[str, str]]:
    return [each for each in transcript(page) if each[0] in ("customer", "agent")]


def cut(page: Page, yes: bool) -> None:
    page.context.set_offline(yes)
    page.evaluate("name => window.dispatchEvent(new Event(name))", "offline" if yes else "online")


def test_customer_and_agent_side_by_side(
    shifts: Shifts, trail: Desks, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tenant: Tenant = trail.tenant
    is_phone = "phone" in request.node.name
    size, scheme, view = (PHONE, "dark", "phone") if is_phone else (DESK, "light", "desk")
    first, anna = trail.waiting(name="Grace"), trail.agent("Anna Berg")
    customer = shifts.open(tenant, shifts.customer(size, scheme))
    write(customer, BOX, QUESTION)
    answered(customer, 1)
    write(customer, BOX, PERSON)
    customer.wait_for_selector(".hd-waiting:has-text('You are number 2 in the queue')")
    save(customer, f"handover-{view}-waiting")
    trail.workbench.desk.claim(tenant.context, trail.agent("Ben"), first)
    customer.wait_for_selector(".hd-waiting:has-text('You are number 1 in the queue')")
    for name in ("Lena Fuchs", "Tom Hauser"):
        trail.waiting(name=name)

    console = shifts.at_console(tenant, shifts.customer(DESK))
    sign_in(console, anna.email, PASSWORD)
    console.wait_for_selector('.hd-desk[data-state="in"][data-connected="yes"]')
    console.click(f"{ENTRY} >> nth=0")
    console.wait_for_selector(".hd-about:visible")
    press(console, "claim")
    customer.wait_for_selector(".hd-with:has-text('You are talking to Anna Berg.')")
    assert not customer.is_visible(".hd-waiting")

    console.wait_for_selector(f"{REPLY}:visible")
    console.focus(REPLY)
    console.keyboard.type("Good day, this is Anna. ")
    customer.wait_for_selector(".hd-agent-types[data-speaker='Anna Berg']")
    save(customer, f"handover-{view}-typing")
    console.keyboard.type("Which jacket would you like to return?")
    console.evaluate("() => addEventListener('keydown', () => (window.pressedAt = Date.now()), true)")
    customer.evaluate(ARRIVAL)
    console.press(REPLY, "Enter")
    customer.wait_for_selector("[data-author=agent][data-sequence]:has-text('this is Anna')")
    assert 0 <= customer.evaluate("window.arrivedAt") - console.evaluate("window.pressedAt") < 1_000
    assert customer.inner_text("[data-author=agent][data-sequence] .hd-author") == "Anna Berg"
    assert not customer.is_visible(".hd-agent-types")

    customer.evaluate("""() => new MutationObserver(() => {
        if (document.querySelector('.hd-provisional')) window.dotsSeen = true;
    }).observe(document.querySelector('.hd-log'), { childList: true, subtree: true })""")
    customer.focus(BOX)
    customer.keyboard.type("The blue one from my last order")
    console.wait_for_selector("text=is writing…")
    customer.press(BOX, "Enter")
    console.wait_for_selector("[data-author=customer]:has-text('The blue one')")
    assert not customer.evaluate("window.dotsSeen")

    console.set_input_files(".hd-reply input[type=file]", [label(tmp_path / "return-label.png")])
    console.wait_for_selector(".hd-attached li:has-text('return-label.png')")
    eventually(lambda: "…" not in console.inner_text(".hd-attached"))
    write(console, REPLY, "Here is your return label. Print it and stick it on the parcel.")
    customer.wait_for_selector(".hd-files a:has-text('return-label.png') img")
    eventually(lambda: customer.evaluate("document.querySelector('.hd-files img').naturalWidth") == 560)
    console.wait_for_selector("[data-author=agent] .hd-state:has-text('Read')")
    customer.wait_for_timeout(300)
    save(customer, f"handover-{view}-customer")
    save(console, f"handover-{view}-console")

    cut(customer, True)
    for text in CUT:
        write(console, REPLY, text)
    console.wait_for_function("() => document.querySelectorAll('.hd-unstored').length === 0")
    write(customer, BOX, "Thanks, and until when?")
    customer.wait_for_selector(".hd-offline:has-text('Reconnecting')")
    assert not any(text in CUT for _, text in transcript(customer))
    cut(customer, False)
    console.wait_for_selector("[data-author=customer]:has-text('until when?')", timeout=30_000)
    eventually(lambda: spoken(customer) == stored(trail, customer))
    assert [text for _, text in spoken(customer)][-4:] == [*CUT, "Thanks, and until when?"]
    cut(console, True)
    write(console, REPLY, "Within 45 days.")
    cut(console, False)
    customer.wait_for_selector("[data-author=agent]:has-text('Within 45 days.')", timeout=30_000)
    before = transcript(customer)
    customer.reload()
    ready(customer)
    customer.wait_for_selector(".hd-with:has-text('Anna Berg')")
    assert transcript(customer) == before

    press(console, "resolve", sure=True)
    customer.wait_for_selector(".hd-rate:visible")
    assert not customer.is_visible(".hd-with")
    customer.focus("[name=stars] >> nth=0")
    for _ in range(3):
        customer.keyboard.press("ArrowRight")
    customer.fill("[name=comment]", "Quick and kind")
    save(customer, f"handover-{view}-rating")
    customer.press("[name=comment]", "Enter")
    customer.wait_for_selector(".hd-rate:has-text('Thank you')")
    rated = trail.workbench.outcomes.get(tenant.context, conversation(trail, customer))
    assert (rated.rating, rated.comment) == (4, "Quick and kind")
    customer.reload()
    customer.wait_for_selector(".hd-rate:has-text('Thank you')")
    assert customer.is_checked("[name=stars][value='4']")
    assert spoken(customer) == stored(trail, customer)
    assert customer.evaluate("document.documentElement.scrollWidth <= innerWidth")
