"""What a customer sees of a message: escaped, linked to its sources, to be rated and answered with a tap."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as examples
from test_apps_chat_markdown import TEXTS, read

from apps.chat.rendering import render_message, render_welcome
from apps.chat.safe_markdown import TAGS
from components.core.answers import Citation
from components.helpdesk.conversations.conversation import Author, Message, MessageDetails
from components.helpdesk.tenant_config import TenantConfig

ANSWER = UUID(int=7)
OWN_TAGS = TAGS | {"section", "div", "h3", "details", "summary", "a", "button", "svg", "path"}
INJECTION = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>"


def citation(number: int, passage: str, quote: str, title: str = "Returns", section: str = "Boots") -> Citation:
    start = passage.index(quote)
    return Citation(number, "c", "d", title, section, passage, quote, start, start + len(quote), 0.9)


def message(text: str, *citations: Citation, author: Author = "bot", buttons: tuple[str, ...] = ()) -> Message:
    answer = ANSWER if citations else None
    return Message(3, author, text, datetime.now(UTC), details=MessageDetails(citations, answer, buttons))


def test_a_number_opens_the_passage_that_it_quotes() -> None:
    passage = "Boots go back within 45 days. Nothing else."
    html = render_message(message("Within 45 days. [1]", citation(1, passage, passage[:29])))
    assert 'href="#hd-source-3-1"' in html
    assert '<details class="hd-source" id="hd-source-3-1">' in html
    assert "<mark>Boots go back within 45 days.</mark> Nothing else." in html


def test_a_number_that_cites_nothing_stays_text() -> None:
    html = render_message(message("Section [12] of the act [1].", citation(1, "The act.", "The act.")))
    assert "[12]" in html
    assert html.count("<a ") == 1


def test_two_quotes_under_one_number_make_one_source() -> None:
    passage = "One fact. Noise. Another fact."
    first, second = citation(1, passage, "One fact."), citation(1, passage, "Another fact.")
    html = render_message(message("One fact. Another fact. [1]", first, second))
    assert html.count("<details") == 1
    assert read(html).marked == "One fact.Another fact."


def test_a_message_without_an_answer_has_neither_sources_nor_thumbs() -> None:
    html = render_message(message("What is your **order number**? See [1]."))
    assert html == (
        '<div class="hd-bubble" dir="auto"><p>What is your <strong>order number</strong>? See [1].</p></div>'
    )


def test_an_answer_can_be_rated_under_its_own_id() -> None:
    html = render_message(message("The act. [1]", citation(1, "The act.", "The act.")))
    assert f'data-answer="{ANSWER}"' in html
    assert html.count('aria-pressed="false"') == 2


def test_what_may_be_tapped_is_a_button_each() -> None:
    html = render_message(message("Why?", buttons=("It's <b>damaged</b>", "Other")))
    assert html.count("<button") == 2
    assert escape("It's <b>damaged</b>") + "</button>" in html


def test_a_customers_message_is_shown_as_it_was_written() -> None:
    html = render_message(message("**not bold** [1]\n<b>x</b> & شكرا", author="customer"))
    assert html == '<div class="hd-bubble" dir="auto">**not bold** [1]<br>&lt;b&gt;x&lt;/b&gt; &amp; شكرا</div>'


@pytest.mark.parametrize("injected", [INJECTION, "[x](javascript:alert(1))", "![x](https://evil.example/x.png)"])
@pytest.mark.parametrize("author", ["bot", "customer", "system"])
def test_nothing_of_a_document_a_title_or_a_message_becomes_markup(injected: str, author: Author) -> None:
    cited = citation(1, f"{injected} fact.", "fact.", title=injected, section=injected)
    html = render_message(message(f"{injected} fact. [1]", cited, author=author, buttons=(injected,)))
    found = read(html)
    assert found.tags <= OWN_TAGS
    assert not {name for name in found.attributes if name.startswith("on") or name == "src"}
    assert "javascript:" not in "".join(part for part in html.split('"')[1::2] if part.startswith("java"))


@examples(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_no_conversation_yields_markup_of_its_own(text: str, title: str, passage: str) -> None:
    passage += "fact."
    for html in (
        render_message(message(f"{passage} [1]", citation(1, passage, "fact.", title, title), buttons=(text,))),
        render_message(message(text, author="customer")),
        render_message(message(text, author="system")),
        render_welcome(TenantConfig(greeting=passage, example_questions=(text,))),
    ):
        found = read(html)
        assert found.tags <= OWN_TAGS
        assert not {name for name in found.attributes if name.startswith("on") or name in ("src", "style")}


def test_a_greeting_is_text_and_each_example_a_button() -> None:
    html = render_welcome(TenantConfig(greeting="<i>Hi</i>", example_questions=("How & when?", "Why?")))
    assert escape("<i>Hi</i>") in html
    assert html.count("<button") == 2
    assert "How &amp; when?" in html
