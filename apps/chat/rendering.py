"""A conversation's messages as HTML that is safe to insert: what customers, models and documents say stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from uuid import UUID

from apps.chat.safe_markdown import render_markdown
from components.core.answers import Citation
from components.helpdesk.conversations.conversation import Message
from components.helpdesk.tenant_config import TenantConfig

_NUMBER = re.compile(r"\[(\d{1,3})\]")
_THUMB = (
    '<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path fill="none" stroke="currentColor" '
    'stroke-width="1.7" stroke-linejoin="round" stroke-linecap="round" d="M7 10.5v9.5H3.5v-9.5H7Zm0 0 4.3-7.3a2.3 '
    '2.3 0 0 1 2 3.4L12.6 9.5h6a2 2 0 0 1 2 2.4l-1.3 6.5a2 2 0 0 1-2 1.6H7"/></svg>'
)


def render_message(message: Message) -> str:
    """What stands in a message's frame, which the page draws: its text, below it what can be done with it.

    A bot's [n] open the passages that they quote. Ids are the message's sequence's, one conversation a page.
    """
    if message.author == "customer":
        return _bubble(escape(message.text).replace("\n", "<br>"))
    details = message.details
    titles = {citation.number: citation.title for citation in details.citations}

    def link_numbers(text: str) -> str:
        return _NUMBER.sub(lambda found: _number_link(message.sequence, int(found[1]), titles), escape(text))

    text = render_markdown(message.text, decorate=link_numbers if titles else escape)
    feedback = _feedback(details.answer_id) if details.answer_id else ""
    return (
        _bubble(text + _sources(message.sequence, details.citations))
        + feedback
        + _choices(details.buttons, "Suggested replies")
    )


def render_welcome(config: TenantConfig) -> str:
    """The greeting, with the example questions to tap: it stands until a conversation has begun."""
    return _bubble(f"<p>{escape(config.greeting)}</p>") + _choices(config.example_questions, "Example questions")


def _bubble(html: str) -> str:
    return f'<div class="hd-bubble" dir="auto">{html}</div>'


def _choices(texts: Sequence[str], name: str) -> str:
    if not texts:
        return ""
    buttons = "".join(f'<button type="button" class="hd-choice" dir="auto">{escape(text)}</button>' for text in texts)
    return f'<div class="hd-choices" role="group" aria-label="{name}">{buttons}</div>'


def _feedback(answer_id: UUID) -> str:
    buttons = "".join(
        f'<button type="button" class="hd-thumb" data-rating="{value}" aria-pressed="false" aria-label="{name}" '
        f'title="{name}">{_THUMB}</button>'
        for value, name in ((1, "Helpful"), (-1, "Not helpful"))
    )
    return (
        f'<div class="hd-feedback" data-answer="{answer_id}" role="group" aria-label="Rate this answer">'
        f'{buttons}<span role="status">Was this helpful?</span></div>'
    )


def _number_link(sequence: int, number: int, titles: dict[int, str]) -> str:
    if number not in titles:
        return f"[{number}]"
    label = f"Source {number}: {titles[number]}"
    return (
        f'<a class="hd-number" href="#{_source_id(sequence, number)}" title="{escape(label)}" '
        f'aria-label="{escape(label)}">[{number}]</a>'
    )


def _sources(sequence: int, citations: Iterable[Citation]) -> str:
    by_number: dict[int, list[Citation]] = {}
    for citation in citations:
        by_number.setdefault(citation.number, []).append(citation)
    if not by_number:
        return ""
    sources = "".join(_source(sequence, number, quotes) for number, quotes in sorted(by_number.items()))
    return f'<section class="hd-sources" aria-label="Sources"><h3>Sources</h3>{sources}</section>'


def _source(sequence: int, number: int, quotes: list[Citation]) -> str:
    first = quotes[0]
    passage = render_markdown(first.passage, [(quote.start, quote.end) for quote in quotes])
    section = f'<span class="hd-section">{escape(first.section)}</span>' if first.section else ""
    return (
        f'<details class="hd-source" id="{_source_id(sequence, number)}"><summary>'
        f'<span class="hd-badge">{number}</span><span class="hd-where"><span class="hd-title">{escape(first.title)}'
        f'</span>{section}</span></summary><div class="hd-passage">{passage}</div></details>'
    )


def _source_id(sequence: int, number: int) -> str:
    return f"hd-source-{sequence}-{number}"
