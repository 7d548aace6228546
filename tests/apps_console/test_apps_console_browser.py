"""The console in a real browser: what an agent sees and can do, alone."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest

from components.bootstrap import Workbench
from components.core.tenant import Tenant
from tests.apps_chat.apps_chat_pages import CHROMIUM, save
from tests.apps_console.apps_console_pages import (
    DESK,
    PASSWORD,
    PHONE,
    REPLY,
    Desks,
    Shifts,
    choose,
    eventually,
    press,
    said,
    sign_in,
)

READABLE = Path(__file__).with_name("apps_console_readable.js")
QUESTION = "How long can I return an unused jacket?"

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no browser: chromium, chromium-browser or google-chrome is not on PATH"
)


def test_an_agent_signs_in_stays_so_and_signs_out(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    anna = desks.agent("Anna")
    shifts.expect(401)
    page = shifts.at_console(shop, shifts.customer())
    sign_in(page, anna.email, "not the password")
    page.wait_for_selector("text=e-mail address or password is wrong")
    assert not page.is_visible(".hd-queue")
    sign_in(page, anna.email, PASSWORD)
    page.wait_for_selector(".hd-queue:visible")
    page.reload()
    page.wait_for_selector(".hd-queue:visible")
    assert page.inner_text(".hd-agent") == "Anna"
    page.click(".hd-leave")
    page.wait_for_selector(".hd-sign-in:visible")
    page.reload()
    page.wait_for_selector(".hd-sign-in:visible")


def test_another_tenants_agent_is_not_let_in(shifts: Shifts, desks: Desks, cloud: Tenant) -> None:
    anna = desks.agent("Anna")
    shifts.expect(401)
    page = shifts.at_console(cloud, shifts.customer())
    sign_in(page, anna.email, PASSWORD)
    page.wait_for_selector("text=e-mail address or password is wrong")


def test_who_answers_no_customers_is_led_to_the_workbench(shifts: Shifts, workbench: Workbench, shop: Tenant) -> None:
    lea = workbench.agents.create(
        shop.context, email=f"{uuid4().hex}@example.com", name="Lea", password=PASSWORD, role="knowledge_manager"
    )
    page = shifts.at_console(shop, shifts.customer())
    sign_in(page, lea.email, PASSWORD)
    page.wait_for_selector(
        "text=Your role, knowledge manager, does not answer customers. Your pages are in the workbench"
    )
    assert page.locator(".hd-sign-in form").is_visible()


def test_a_session_that_has_ended_leads_back_to_the_sign_in(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    anna = desks.agent("Anna")
    page = shifts.console(shop, anna)
    shifts.expect(401)
    desks.workbench.agents.deactivate(shop.context, anna.agent_id)
    # Something else of the page may have asked, and been told, before.
    page.evaluate("document.querySelector('[data-view=mine]').click()")
    page.wait_for_selector("text=Please sign in again")
    assert not page.is_visible(".hd-queue")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_an_agent_answers_with_what_the_knowledge_says(
    shifts: Shifts, desks: Desks, shop: Tenant, size: tuple[int, int], scheme: str
) -> None:
    name, is_phone = f"console-{size[0]}-{scheme}", size == PHONE
    session = desks.opened(name=f"Grace {name}")
    desks.ask(session, QUESTION)
    page = shifts.console(shop, desks.agent("Anna"), size, scheme)
    page.wait_for_selector(f".hd-entry:has-text('Grace {name}')")
    save(page, f"{name}-queue")
    choose(page, f"Grace {name}")
    assert said(page)[1] == ("customer", QUESTION)
    press(page, "claim")
    page.wait_for_selector(f"{REPLY}:visible")
    if is_phone:
        page.click("[data-go=details]")
    assert page.inner_text(".hd-context p") == "The customer asked for a person."
    page.wait_for_selector(f".hd-summary li:has-text('{QUESTION}')")
    page.click(".hd-suggestion a.hd-number >> nth=0")
    assert "45 days" in page.inner_text(".hd-suggestion mark >> nth=0")
    save(page, f"{name}-help")
    page.click(".hd-suggestion button:has-text('Insert')")
    assert "45 days" in page.input_value(REPLY)
    page.press(REPLY, "Control+Home")
    page.keyboard.type("Hello Grace! ")
    page.press(REPLY, "Enter")
    page.wait_for_selector("[data-author=agent][data-sequence]")
    author, text = said(page)[-1]
    assert (author, text[:12], "45 days" in text) == ("agent", "Hello Grace!", True)
    save(page, f"{name}-conversation")
    stored = desks.workbench.conversations.messages(shop.context, session)
    assert [each.text for each in stored if each.author == "agent"] == [text]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_customers_write_is_text(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    hostile = '<img src=x onerror="document.title=1"><b>bold</b>'
    session = desks.opened(name=f"{hostile}Mallory")
    desks.ask(session, hostile)
    anna = desks.agent("Anna")
    desks.workbench.notes.add(shop.context, anna, session, client_note_id="n1", text=hostile)
    page = shifts.console(shop, anna)
    choose(page, "Mallory")
    assert said(page)[1] == ("customer", hostile)
    assert page.inner_text(".hd-customer") == f"{hostile}Mallory"
    page.wait_for_selector(".hd-summary li")
    for panel in ("notes", "customer"):
        page.click(f"[data-panel={panel}]")
    assert hostile in page.inner_text("#hd-panel-customer")
    assert page.locator("img, .hd-desk .hd-details b:not(.hd-count)").count() == 0
    assert "console" in page.title()


def test_a_draft_stays_with_its_conversation(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    anna = desks.agent("Anna")
    for name in ("First", "Second"):
        desks.workbench.desk.claim(shop.context, anna, desks.waiting(name=f"{name} draft"))
    page = shifts.console(shop, anna)
    page.click("[data-view=mine]")
    choose(page, "First draft")
    page.fill(REPLY, "for the first")
    choose(page, "Second draft")
    eventually(lambda: page.input_value(REPLY) == "")
    page.press(REPLY, "Shift+Enter")
    page.keyboard.type("two lines")
    assert page.input_value(REPLY) == "\ntwo lines"
    choose(page, "First draft")
    eventually(lambda: page.input_value(REPLY) == "for the first")
    page.reload()
    page.click("[data-view=mine]")
    choose(page, "Second draft")
    eventually(lambda: page.input_value(REPLY) == "\ntwo lines")


def test_canned_answers_are_made_found_by_a_slash_and_filled_in(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    anna = desks.agent("Anna")
    desks.workbench.desk.claim(shop.context, anna, desks.waiting(name="Ada canned"))
    desks.workbench.desk.claim(shop.context, anna, desks.waiting(name=""))
    page = shifts.console(shop, anna)
    page.click("[data-view=mine]")
    choose(page, "Ada canned")
    page.click(".hd-new-canned")
    page.fill(".hd-canned-edit [name=name]", "greet")
    page.fill(".hd-canned-edit [name=text]", "Dear {{customer.name}}, {{agent.name}} here.")
    page.click(".hd-canned-edit [value=yes]")
    page.wait_for_selector(".hd-canned li:has-text('/greet')")
    page.fill(REPLY, "")
    page.type(REPLY, "Well, /gre")
    page.wait_for_selector(".hd-slash [aria-selected=true]")
    assert page.get_attribute(REPLY, "aria-expanded") == "true"
    page.press(REPLY, "Enter")
    assert page.input_value(REPLY) == "Well, Dear Ada canned, Anna here."
    assert said(page)[-1][0] != "agent"
    choose(page, "Customer")
    page.wait_for_function("() => document.querySelector('.hd-reply textarea').value === ''")
    page.type(REPLY, "/greet")
    page.wait_for_selector(".hd-slash [aria-selected=true]")
    page.press(REPLY, "Tab")
    page.press(REPLY, "Enter")
    page.wait_for_selector("text=Fill in {{customer.name}}")
    assert page.evaluate("getSelection().toString()") == "{{customer.name}}"
    assert page.locator("[data-author=agent]").count() == 0


def test_the_list_of_canned_answers_stays_for_who_comes_back_to_the_box(
    shifts: Shifts, desks: Desks, shop: Tenant
) -> None:
    anna = desks.agent("Anna")
    desks.workbench.desk.claim(shop.context, anna, desks.waiting(name="Ada back"))
    desks.workbench.agent_tools.canned_answers.put(shop.context, "bye", "Bye!")
    page = shifts.console(shop, anna)
    page.click("[data-view=mine]")
    choose(page, "Ada back")
    page.wait_for_selector(".hd-canned li:has-text('/bye')")
    page.type(REPLY, "/by")
    page.wait_for_selector(".hd-slash [aria-selected=true]")
    page.locator(REPLY).blur()
    assert page.is_hidden(".hd-slash")
    page.type(REPLY, "e")
    page.wait_for_timeout(300)
    assert page.is_visible(".hd-slash [aria-selected=true]")
    page.click(".hd-slash [role=option]")
    assert page.input_value(REPLY) == "Bye!"


def test_single_keys_work_outside_of_fields_and_can_be_turned_off(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    session = desks.waiting(name="Ada keys", priority="urgent")
    page = shifts.console(shop, desks.agent("Anna"))
    page.wait_for_selector(".hd-entry:has-text('Ada keys')")
    page.keyboard.press("?")
    assert page.is_visible(".hd-keys")
    page.keyboard.press("Escape")
    page.wait_for_selector(".hd-keys", state="hidden")
    page.keyboard.press("j")
    page.wait_for_selector(".hd-customer:has-text('Ada keys')")
    page.keyboard.press("c")
    page.wait_for_selector(f"{REPLY}:visible")
    eventually(lambda: page.evaluate("document.activeElement.matches('.hd-reply textarea')"))
    page.keyboard.type("cje?")
    assert page.input_value(REPLY) == "cje?"
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    assert page.evaluate("document.activeElement.matches('.hd-note textarea')")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    assert page.is_visible(".hd-confirm")
    page.keyboard.press("Escape")
    page.wait_for_selector(".hd-confirm", state="hidden")
    page.click(".hd-help")
    page.uncheck(".hd-keys [name=keys]")
    page.keyboard.press("Escape")
    page.wait_for_selector(".hd-keys", state="hidden")
    page.keyboard.press("e")
    assert not page.is_visible(".hd-confirm")
    assert desks.workbench.conversations.get(shop.context, session).status == "agent"


def test_earlier_messages_are_loaded_when_they_are_asked_for(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    anna = desks.agent("Anna")
    session = desks.waiting(name="Ada long")
    desks.workbench.desk.claim(shop.context, anna, session)
    for number in range(120):
        desks.say(anna, session, f"number {number}")
    page = shifts.console(shop, anna)
    page.click("[data-view=mine]")
    choose(page, "Ada long")
    eventually(lambda: len(said(page)) == 100)
    page.click(".hd-earlier")
    eventually(lambda: len(said(page)) == 124)
    assert [text for author, text in said(page) if author == "agent"] == [f"number {number}" for number in range(120)]
    assert page.locator(".hd-earlier").count() == 0


def test_the_lineage_of_what_the_bot_said_is_shown(shifts: Shifts, desks: Desks, shop: Tenant) -> None:
    import httpx

    from tests.apps_api.apps_api_chat import begin

    with httpx.Client(base_url=shifts.served.url, timeout=60) as client:
        chat = begin(client, shop.domain, name="Ada lineage")
        chat.say(QUESTION)
        chat.say("I want to talk to a human")
    page = shifts.console(shop, desks.agent("Anna"))
    choose(page, "Ada lineage")
    why = page.locator("[data-author=bot]:has(.hd-source) .hd-why")
    why.locator("summary").click()
    assert "main." in why.inner_text()
    why.get_by_role("button", name="Lineage of the answer").click()
    page.wait_for_selector(".hd-why dd:has-text('extractive')")
    assert re.search(r"Confidence\s+0\.\d\d \(needs 0\.\d\d\)", why.inner_text())
    page.click(".hd-conversation a.hd-number >> nth=0")
    assert "45 days" in page.inner_text(".hd-conversation mark >> nth=0")


def test_files_are_attached_sent_and_opened(shifts: Shifts, desks: Desks, shop: Tenant, tmp_path: Path) -> None:
    anna = desks.agent("Anna")
    session = desks.waiting(name="Ada files")
    desks.workbench.desk.claim(shop.context, anna, session)
    page = shifts.console(shop, anna)
    page.click("[data-view=mine]")
    choose(page, "Ada files")
    note, program = tmp_path / "note.txt", tmp_path / "tool.png"
    note.write_text("the size chart")
    program.write_bytes(b"MZ" + bytes(200))
    page.set_input_files(".hd-reply input[type=file]", [note])
    page.wait_for_selector(".hd-attached li:has-text('note.txt')")
    shifts.expect(415, 422)
    page.set_input_files(".hd-reply input[type=file]", [program])
    page.wait_for_selector(".hd-hint:has-text('tool.png')")
    page.fill(REPLY, "Here it is")
    eventually(lambda: "…" not in page.inner_text(".hd-attached"))
    page.press(REPLY, "Enter")
    page.wait_for_selector("[data-author=agent][data-sequence] a:has-text('note.txt')")
    (stored,) = [
        each for each in desks.workbench.conversations.messages(shop.context, session) if each.text == "Here it is"
    ]
    assert [each.name for each in stored.details.attachments] == ["note.txt"]
    with page.expect_download() as downloading:
        page.click("[data-author=agent] a:has-text('note.txt')")
    assert Path(downloading.value.path()).read_text() == "the size chart"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read_and_all_controls_have_names(
    shifts: Shifts, desks: Desks, shop: Tenant, scheme: str
) -> None:
    anna = desks.agent("Anna")
    session = desks.opened(name="Ada names")
    desks.ask(session, QUESTION, priority="urgent")
    desks.workbench.desk.claim(shop.context, anna, session)
    desks.say(anna, session, "Hello")
    desks.workbench.notes.add(shop.context, anna, session, client_note_id="n", text="kind")
    desks.waiting(name="Late", priority="high")
    page = shifts.console(shop, anna, scheme=scheme)
    page.click("[data-view=mine]")
    choose(page, "Ada names")
    page.wait_for_selector(".hd-suggestion")
    page.wait_for_selector(".hd-summary li")
    page.evaluate(READABLE.read_text())
    checked = 0
    for panel in ("help", "notes", "customer", "tickets"):
        page.click(f"[data-panel={panel}]")
        texts = page.evaluate("textsOf()")
        assert [each for each in texts if each[2] < 4.5] == []
        assert page.evaluate("unnamed()") == []
        checked += len(texts)
    assert checked > 100
