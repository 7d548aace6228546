"""Everything a customer sees of a conversation, as HTML that is safe to insert: each piece has an id and
replaces the piece that had it before."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Literal
from uuid import UUID

from apps.chat.safe_markdown import render_markdown
from components.core.answers import Citation
from components.core.tenant import Tenant
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.tenant_config import TenantConfig

Rating = Literal[-1, 1]

_NUMBER = re.compile(r"\[(\d{1,3})\]")
_TYPING = '<p class="hd-typing" role="status" aria-label="Looking it up"><i></i><i></i><i></i></p>'
_THUMB = (
    '<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path fill="none" stroke="currentColor" '
    'stroke-width="1.7" stroke-linejoin="round" stroke-linecap="round" d="M7 10.5v9.5H3.5v-9.5H7Zm0 0 4.3-7.3a2.3 '
    '2.3 0 0 1 2 3.4L12.6 9.5h6a2 2 0 0 1 2 2.4l-1.3 6.5a2 2 0 0 1-2 1.6H7"/></svg>'
)


def render_welcome(tenant: Tenant, config: TenantConfig) -> str:
    """The greeting, with the example questions as buttons."""
    examples = "".join(
        f'<li><button type="button" class="hd-example">{escape(question)}</button></li>'
        for question in config.example_questions
    )
    listed = f'<ul class="hd-examples" aria-label="Example questions">{examples}</ul>' if examples else ""
    return (
        f'<section class="hd-turn hd-welcome" id="hd-welcome" aria-label="Welcome to {escape(tenant.name)}">'
        f'<div class="hd-answer"><p>{escape(config.greeting)}</p>{listed}</div></section>'
    )


def render_pending(turn: UUID, question: str, text: str = "") -> str:
    """A question whose answer is on its way. text: as much of the answer as there is."""
    answer = render_markdown(text, decorate=_plain_numbers) if text else _TYPING
    return _turn(turn, question, f'<div class="hd-answer" aria-busy="true">{answer}</div>')


def render_answer(turn: UUID, answered: AnsweredQuestion) -> str:
    """A finished answer: its text with numbers that open the passages they quote, these passages, and thumbs."""
    citations = answered.answer.citations
    titles = {citation.number: citation.title for citation in citations}

    def link_numbers(text: str) -> str:
        return _NUMBER.sub(lambda found: _number_link(turn, int(found[1]), titles), escape(text))

    text = render_markdown(answered.answer.text, decorate=link_numbers)
    return _turn(
        turn,
        answered.question,
        f'<div class="hd-answer">{text}{_sources(turn, citations)}</div>{render_feedback(answered.answer_id, None)}',
    )


def render_notice(turn: UUID, question: str, notice: str) -> str:
    """A question that got no answer, with the polite sentence that says why and what to do."""
    return _turn(turn, question, f'<div class="hd-answer hd-notice" role="alert"><p>{escape(notice)}</p></div>')


def render_feedback(answer_id: UUID, rating: Rating | None, notice: str = "") -> str:
    """The thumbs of one answer. rating: what is stored. notice: what to say behind them, by default thanks."""
    said = notice or ("Thank you for telling us." if rating else "Was this helpful?")
    buttons = "".join(
        f'<button type="button" class="hd-thumb" data-rating="{value}" data-answer="{answer_id}" '
        f'aria-pressed="{str(rating == value).lower()}" aria-label="{name}" title="{name}">{_THUMB}</button>'
        for value, name in ((1, "Helpful"), (-1, "Not helpful"))
    )
    return (
        f'<div class="hd-feedback" id="hd-feedback-{answer_id}" role="group" aria-label="Rate this answer">'
        f'{buttons}<span role="status">{escape(said)}</span></div>'
    )


def _turn(turn: UUID, question: str, answer: str) -> str:
    asked = escape(question).replace("\n", "<br>")
    return (
        f'<section class="hd-turn" id="hd-turn-{turn}"><div class="hd-question"><span class="hd-hidden">You asked: '
        f"</span>{asked}</div>{answer}</section>"
    )


def _plain_numbers(text: str) -> str:
    return _NUMBER.sub(r'<span class="hd-number">[\1]</span>', escape(text))


def _number_link(turn: UUID, number: int, titles: dict[int, str]) -> str:
    if number not in titles:
        return f"[{number}]"
    label = f"Source {number}: {titles[number]}"
    target = _source_id(turn, number)
    return f'<a class="hd-number" href="#{target}" title="{escape(label)}" aria-label="{escape(label)}">[{number}]</a>'


def _sources(turn: UUID, citations: Iterable[Citation]) -> str:
    by_number: dict[int, list[Citation]] = {}
    for citation in citations:
        by_number.setdefault(citation.number, []).append(citation)
    if not by_number:
        return ""
    sources = "".join(_source(turn, number, quotes) for number, quotes in sorted(by_number.items()))
    return f'<section class="hd-sources" aria-label="Sources"><h3>Sources</h3>{sources}</section>'


def _source(turn: UUID, number: int, quotes: list[Citation]) -> str:
    first = quotes[0]
    passage = render_markdown(first.passage, [(quote.start, quote.end) for quote in quotes])
    section = f'<span class="hd-section">{escape(first.section)}</span>' if first.section else ""
    return (
        f'<details class="hd-source" id="{_source_id(turn, number)}"><summary><span class="hd-badge">{number}</span>'
        f'<span class="hd-where"><span class="hd-title">{escape(first.title)}</span>{section}</span></summary>'
        f'<div class="hd-passage">{passage}</div></details>'
    )


def _source_id(turn: UUID, number: int) -> str:
    return f"hd-source-{turn}-{number}"
