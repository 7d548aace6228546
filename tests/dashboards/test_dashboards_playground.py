"""The playground in a real browser: two variants are asked, a set is called off, and a worse prompt is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import panel as pn
import pytest
from playwright.sync_api import expect

from components.database.addresses import DatabaseAddresses
from components.helpdesk.access.people import Person
from components.retrieval.prompting import shipped_prompt
from dashboards.desk import Desk
from dashboards.playground.answers_view import answer_html
from dashboards.playground.page import page as playground
from dashboards.viewer import Viewer
from tests.apps_chat.apps_chat_pages import SCREENSHOTS
from tests.dashboards.dashboards_people import DESKTOP, PHONE, TABLET, Staff, free_port, opened, signed_in
from tests.dashboards.playground_world import (
    BESIDE,
    GOOD,
    LONG,
    SHIPPING,
    PlaygroundWorld,
    playground_world,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def world(postgres: DatabaseAddresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaygroundWorld]:
    with playground_world(postgres, tmp_path_factory.mktemp("playground")) as world:
        yield world


def open_page(page: Page, world: PlaygroundWorld) -> None:
    page.goto(f"{world.url}/dashboards/playground")
    page.wait_for_selector("text=A: what serves now")


def write(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label)
    field.fill(text)
    field.blur()


def photograph(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    for size in (DESKTOP, TABLET, PHONE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")
        page.screenshot(path=SCREENSHOTS / f"playground-{name}-{size[0]}.png", full_page=True)
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})


def test_one_question_is_answered_by_both_with_citations_and_lineage(browser: Browser, world: PlaygroundWorld) -> None:
    world.says(GOOD[SHIPPING])
    with opened(browser, world.url, world.form) as page:
        open_page(page, world)
        page.get_by_label("B: model").select_option("extractive")
        write(page, "Question", SHIPPING)
        page.click("text=Ask both")
        page.wait_for_selector("text=B: prompt 0, extractive, top_k 10, hybrid")
        page.wait_for_selector("text=A: prompt 0, the tenant's model")
        assert page.locator(".answer:has-text('12.50')").count() == 2
        page.click("summary:has-text('[1] Shipping') >> nth=0")
        page.wait_for_selector("blockquote:has-text('Express shipping costs 12.50 euros')")
        page.click("summary:has-text('Lineage') >> nth=1")
        page.wait_for_selector("td:has-text('help/shipping.md'):visible")
        page.get_by_label("Stage").select_option("text")
        page.wait_for_selector("text=score of text")
        photograph(page, "question")


def test_a_prompt_that_does_not_render_is_shown_at_its_line_and_asks_nothing(
    browser: Browser, world: PlaygroundWorld
) -> None:
    before = world.asked()
    with opened(browser, world.url, world.form) as page:
        open_page(page, world)
        write(page, "B: user", "Question:\n{{ querry }}\n{% for passage in passages %}{{ passage.text }}{% endfor %}")
        page.wait_for_selector("p[role=alert]:has-text('user, line 2')")
        assert "querry" in page.locator("pre del:visible").inner_text()
        write(page, "Question", SHIPPING)
        page.click("text=Ask both")
        page.wait_for_selector("p[role=alert]:has-text('The prompt of B does not render')")
        photograph(page, "problem")
    assert world.asked() == before


def test_a_run_over_a_set_shows_its_progress_and_ends_where_it_is_called_off(
    browser: Browser, world: PlaygroundWorld
) -> None:
    world.model.scripts.clear()
    world.model.says(GOOD[SHIPPING], pause=0.3)
    before = world.asked()
    with opened(browser, world.url, world.form) as page:
        open_page(page, world)
        page.get_by_role("tab", name="Evaluation set").click()
        chosen = page.get_by_label("Evaluation set")
        chosen.wait_for()
        chosen.select_option(label=next(each for each in chosen.locator("option").all_inner_texts() if "long" in each))
        page.click("text=Run both over the set")
        page.wait_for_selector(f"text=of {2 * LONG} answers, about")
        photograph(page, "progress")
        page.click("button:has-text('Cancel')")
        page.wait_for_selector("text=Called off after")
        # A tenant has one at once: this waits for the other's end.
        world.says(GOOD[SHIPPING])
        page.get_by_role("tab", name="One question").click()
        write(page, "Question", SHIPPING)
        page.click("text=Ask both")
        page.wait_for_selector(".answer:has-text('12.50')")
    assert before < world.asked() < before + LONG


def test_a_worse_prompt_is_refused_with_what_changed_and_activated_for_a_reason_and_taken_back(
    browser: Browser, world: PlaygroundWorld
) -> None:
    context, prompts = world.tenant.context, world.workbench.prompts
    with opened(browser, world.url, world.form) as page:
        open_page(page, world)
        write(page, "B: system", "Answer from the passages.\nBe vague.")
        page.wait_for_selector("summary:has-text('Its difference from A')")
        page.get_by_role("tab", name="Evaluation set").click()
        world.say_in_turns([*GOOD.values()], [*BESIDE.values()])
        page.click("text=Run both over the set")
        page.wait_for_selector("h2:has-text('B answers worse')")
        page.get_by_label("Questions").select_option("Worse (2)")
        page.click(f"summary:has-text('worse {SHIPPING}')")
        page.wait_for_selector("h3:has-text('A: right'):visible")
        with page.expect_download() as download:
            page.click("text=Download all answers as CSV")
        assert len(download.value.path().read_text().splitlines()) == 1 + len(GOOD)
        photograph(page, "set")
        page.get_by_role("tab", name="Versions").click()
        page.click("text=Save B as a version")
        page.wait_for_selector("p[role=alert]:has-text('A note is needed')")
        write(page, "Note", "vague on purpose")
        page.click("text=Save B as a version")
        page.wait_for_selector("text=Saved as version 1")
        (saved,) = [each for each in prompts.versions(context) if each.version == 1]
        assert (saved.author, saved.note, saved.active) == ("Ann", "vague on purpose", False)
        # Both versions are asked all sets.
        asked = len(GOOD) + LONG
        world.say_in_turns([*GOOD.values(), *[GOOD[SHIPPING]] * LONG], [BESIDE[SHIPPING]] * asked)
        page.click("text=Measure, and activate")
        page.wait_for_selector("p[role=alert]:has-text('Nothing was activated')")
        page.wait_for_selector("h2:has-text('Version 1 answers worse')")
        photograph(page, "refused")
        assert prompts.active(context).version == 0
        write(page, "Reason, where it is worse", "a trial for a day")
        page.click("text=Measure, and activate")
        page.wait_for_selector("text=Version 1 is active, after version 0")
        assert prompts.active(context).version == 1
        photograph(page, "versions")
        page.click("text=Back to the version before")
        page.wait_for_selector("text=Version 0 is active again")
        assert prompts.active(context).version == 0


def test_unsaved_edits_are_kept_whatever_is_chosen_and_the_page_is_not_left_without_asking(
    browser: Browser, world: PlaygroundWorld
) -> None:
    context, prompts = world.tenant.context, world.workbench.prompts
    other = prompts.save(context, "answer", "Be quick.", shipped_prompt().user, author="Ann", note="quick")
    with opened(browser, world.url, world.form) as page:
        open_page(page, world)
        system, begun = page.get_by_label("B: system"), page.get_by_label("B: prompt, begun from")
        assert page.evaluate("window.onbeforeunload") is None
        write(page, "B: system", "Be kind.")
        begun.select_option(label=next(each for each in begun.locator("option").all_inner_texts() if "quick" in each))
        page.wait_for_selector("text=Your edits of version 0 are kept as draft 1.")
        expect(system).to_have_value("Be quick.")
        page.click("text=Go back to draft 1")
        expect(system).to_have_value("Be kind.")
        # Not even a click on another field has come between.
        system.fill("Be very kind.")
        page.click("text=Copy A to B")
        page.wait_for_selector("text=are kept as draft 2.")
        expect(system).to_have_value(shipped_prompt().system)
        page.wait_for_selector("h2:has-text('B: what you try, as yet the same as A')")
        page.click("text=Go back to draft 2")
        expect(system).to_have_value("Be very kind.")
        photograph(page, "draft")
        with page.expect_event("dialog") as asked:
            page.close(run_before_unload=True)
        assert asked.value.type == "beforeunload"
        asked.value.dismiss()
        page.get_by_role("tab", name="Versions").click()
        write(page, "Note", "kind")
        page.click("text=Save B as a version")
        page.wait_for_selector(f"text=Saved as version {other + 1}")
        assert prompts.get(context, "answer", other + 1).system == "Be very kind."
        expect(begun.locator("option:checked")).to_contain_text(f"{other + 1}: kind")
        expect(begun.locator("option")).to_contain_text(["Draft 1, of version 0", "kind", "quick", "shipped"])


def test_a_is_edited_as_b_is_and_goes_back_to_what_serves(browser: Browser, world: PlaygroundWorld) -> None:
    world.says(GOOD[SHIPPING])
    with opened(browser, world.url, world.form) as page:
        open_page(page, world)
        write(page, "A: system", "Be kind.")
        write(page, "A: passages (top_k)", "3")
        page.get_by_label("A: pipeline (fusion)").select_option("bm25")
        page.wait_for_selector("h2:has-text('A: what you compare with')")
        page.get_by_label("B: model").select_option("extractive")
        write(page, "Question", SHIPPING)
        page.click("text=Ask both")
        page.wait_for_selector("text=A: edited prompt, the tenant's model, top_k 3, bm25")
        page.wait_for_selector("text=B: prompt 0, extractive, top_k 10, hybrid")
        page.click("text=Copy A to B")
        expect(page.get_by_label("B: system")).to_have_value("Be kind.")
        expect(page.get_by_label("B: passages (top_k)")).to_have_value("3")
        expect(page.get_by_label("B: model").locator("option:checked")).to_contain_text("as now: scripted")
        page.click("text=A = what serves now")
        page.wait_for_selector("h2:has-text('A: what serves now')")
        expect(page.get_by_label("A: system")).to_have_value(shipped_prompt().system)
        expect(page.get_by_label("A: pipeline (fusion)").locator("option:checked")).to_contain_text("as now: hybrid")


@pytest.mark.parametrize(
    ("reason", "error", "said"),
    [
        ("provider_down", None, '<p class="bad">No language model answered in time: passages were quoted'),
        ("unsupported", None, '<p class="bad">A language model&#x27;s answer was not carried'),
        ("low_confidence", None, '<p class="quiet">Passages were found, and none was surely about the question'),
        ("provider_down", "model_timed_out", '<p class="bad">No answer: a model took longer than it may.'),
    ],
)
def test_an_answer_that_is_not_what_the_model_was_to_write_says_why_in_plain_words(
    reason: str, error: str | None, said: str
) -> None:
    told = {"reason": reason, "error": error, "answer": "Quoted.", "answered": True, "model": "extractive"}
    figures = {"latency_ms": 12.0, "input_tokens": 3, "output_tokens": 4, "cost": "0.0002", "confidence": 0.5}
    shown = answer_html("B", {**told, **figures, "grounded": None, "citations": [], "lineage": []}, "EUR")
    assert said in shown
    assert "costs 0.00020 EUR" in shown


def test_nobody_reaches_another_tenants_and_an_analyst_is_told_whom_to_ask(
    world: PlaygroundWorld, staff: Staff
) -> None:
    path = "/dashboards/playground"
    with signed_in(world.url, world.form) as ann:
        assert ann.get(f"{path}?tenant={staff.theirs.domain}").status_code == 403
    with signed_in(world.url, {**world.form, "account": f"ben@{world.tenant.domain}"}) as ben:
        refused = ben.get(path)
    assert refused.status_code == 403
    assert "prompt engineer" in refused.text


def test_without_api_index_or_set_the_page_says_what_to_do(desk: Desk, staff: Staff) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    alone = replace(desk, settings=desk.settings.model_copy(update={"api_url": nowhere}))
    person = Person("Ann", "prompt_engineer", (staff.theirs,), uuid4(), "token")
    shown = playground(alone, Viewer(person, (staff.theirs,)))
    said = " ".join(each.object for each in shown.select(pn.pane.HTML))
    assert f"does not answer at {nowhere}" in said
    assert "`helpdesk up` starts it" in said
    assert "`helpdesk ingest` makes it" in said
    assert "no evaluation set yet" in said
    of_all = playground(alone, Viewer(person, (staff.ours, staff.theirs)))
    assert "Choose one tenant" in of_all.object
