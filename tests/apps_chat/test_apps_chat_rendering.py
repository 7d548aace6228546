"""What a customer sees of a conversation: escaped, linked to its sources, rateable."""

from __future__ import annotations

from html import escape
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from test_apps_chat_markdown import TEXTS, read

from apps.chat.rendering import render_answer, render_feedback, render_notice, render_pending, render_welcome
from apps.chat.safe_markdown import TAGS
from apps.chat.wording import refusal, too_long
from components.core.answers import Answer, Citation
from components.core.tenant import Tenant
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.tenant_config import TenantConfig

TURN = UUID(int=7)
OWN_TAGS = TAGS | {"section", "div", "h3", "details", "summary", "a", "button", "svg", "path", "i"}
INJECTION = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>"


def citation(number: int, passage: str, quote: str, title: str = "Returns", section: str = "Boots") -> Citation:
    start = passage.index(quote)
    return Citation(number, "c", "d", title, section, passage, quote, start, start + len(quote), 0.9)


def answered(question: str, text: str, *citations: Citation) -> AnsweredQuestion:
    answer = Answer(text, bool(citations), citations, (), 0.9, 0.1, "extractive")
    return AnsweredQuestion(uuid4(), question, answer, "hybrid", 1, "0" * 32, 10, "v", "answer", 0)


def test_a_number_opens_the_passage_that_it_quotes() -> None:
    passage = "Boots go back within 45 days. Nothing else."
    html = render_answer(TURN, answered("When?", "Within 45 days. [1]", citation(1, passage, passage[:29])))
    assert f'href="#hd-source-{TURN}-1"' in html
    assert f'<details class="hd-source" id="hd-source-{TURN}-1">' in html
    assert "<mark>Boots go back within 45 days.</mark> Nothing else." in html


def test_a_number_that_cites_nothing_stays_text() -> None:
    html = render_answer(TURN, answered("?", "Section [12] of the act [1].", citation(1, "The act.", "The act.")))
    assert "[12]" in html
    assert html.count("<a ") == 1


def test_two_quotes_under_one_number_make_one_source() -> None:
    passage = "One fact. Noise. Another fact."
    first, second = citation(1, passage, "One fact."), citation(1, passage, "Another fact.")
    html = render_answer(TURN, answered("?", "One fact. Another fact. [1]", first, second))
    assert html.count("<details") == 1
    assert read(html).marked == "One fact.Another fact."


def test_a_refusal_says_so_and_offers_the_tenants_contact() -> None:
    text = refusal(TenantConfig(contact="Call us on 0512 000."))
    html = render_answer(TURN, answered("?", text))
    assert "I don't know" in read(html).text
    assert "Call us on 0512 000." in html
    assert "Sources" not in html


@pytest.mark.parametrize("injected", [INJECTION, "[x](javascript:alert(1))", "![x](https://evil.example/x.png)"])
def test_nothing_of_a_document_a_title_or_a_question_becomes_markup(injected: str) -> None:
    cited = citation(1, f"{injected} fact.", "fact.", title=injected, section=injected)
    html = render_answer(TURN, answered(injected, f"{injected} fact. [1]", cited))
    found = read(html)
    assert found.tags <= OWN_TAGS
    assert not {name for name in found.attributes if name.startswith("on") or name == "src"}
    assert "javascript:" not in "".join(part for part in html.split('"')[1::2] if part.startswith("java"))


@given(TEXTS, TEXTS, TEXTS)
def test_no_conversation_yields_markup_of_its_own(question: str, title: str, passage: str) -> None:
    passage += "fact."
    for html in (
        render_answer(TURN, answered(question, f"{passage} [1]", citation(1, passage, "fact.", title, title))),
        render_pending(TURN, question, passage),
        render_notice(TURN, question, title),
        render_feedback(TURN, 1, title),
        render_welcome(Tenant(TURN, title, "a.example"), TenantConfig(greeting=passage, example_questions=(question,))),
    ):
        found = read(html)
        assert found.tags <= OWN_TAGS
        assert not {name for name in found.attributes if name.startswith("on") or name in ("src", "style")}


def test_a_pending_answer_shows_that_it_is_being_made_and_then_its_text() -> None:
    assert "hd-typing" in render_pending(TURN, "When?")
    html = render_pending(TURN, "When?", "Within 45 days [1]")
    assert "hd-typing" not in html
    assert 'aria-busy="true"' in html
    assert "<a " not in html


def test_a_rating_is_shown_as_pressed() -> None:
    assert render_feedback(TURN, None).count('aria-pressed="false"') == 2
    up, down = render_feedback(TURN, 1), render_feedback(TURN, -1)
    assert 'data-rating="1"' in up.split('aria-pressed="true"')[0].rsplit("<button", 1)[1]
    assert 'data-rating="-1"' in down.split('aria-pressed="true"')[0].rsplit("<button", 1)[1]


def test_a_greeting_is_text_and_each_example_a_button() -> None:
    config = TenantConfig(greeting="<i>Hi</i>", example_questions=("How & when?", "Why?"))
    html = render_welcome(Tenant(TURN, "Shop", "shop.example"), config)
    assert escape("<i>Hi</i>") in html
    assert html.count("<button") == 2
    assert "How &amp; when?" in html


def test_a_question_that_is_too_long_is_told_its_length_and_the_limit() -> None:
    assert "4,321" in too_long("x" * 4321)
    assert "4,000" in too_long("x" * 4321)
