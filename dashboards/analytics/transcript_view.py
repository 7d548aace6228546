"""One conversation as it was said, and why the bot said what it said."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any
from uuid import UUID

import panel as pn

from components.core.errors import NotFound
from components.core.tenant import Tenant
from components.helpdesk.answer_lineage import AnswerLineage
from components.helpdesk.answer_log import AnswerLog
from components.helpdesk.conversations.conversation import Message
from components.helpdesk.reports.topics import REASONS
from components.helpdesk.reports.transcripts import Transcript, transcript
from dashboards.analytics.figure_card import CARD, STYLE
from dashboards.analytics.wording import duration, in_words, money
from dashboards.clock import local_text
from dashboards.desk import Desk
from dashboards.theme import GROUND, LINE, QUIET

# More answers than this are looked up one by one in the command line: `helpdesk answer`.
MOST_EXPLAINED = 50
_SAID = f"""
article {{ border-left: 3px solid {LINE}; padding: 4px 10px; margin: 8px 0; overflow-wrap: anywhere; }}
article.customer {{ border-color: #0072b2; background: {GROUND}; }}
article.agent {{ border-color: #009e73; }}
article p.text {{ white-space: pre-wrap; }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: 2px 12px; margin: 4px 0; }}
dt {{ color: {QUIET}; }}
dd {{ margin: 0; min-width: 0; overflow-wrap: anywhere; }}
"""
_AUTHORS = {"customer": "Customer", "bot": "Bot", "agent": "Agent", "system": "Helpdesk"}


def transcript_view(desk: Desk, tenants: Sequence[Tenant], conversation: str) -> pn.Column:
    """conversation: its id. Read under the row-level security of each of these tenants until one has it; says so where
    none has, in the same words whether another tenant has it or not."""
    for tenant in tenants:
        found = _find_transcript(desk, tenant, conversation)
        if found is not None:
            return _told(desk, tenant, found)
    where = tenants[0].name if len(tenants) == 1 else f"any of these {len(tenants)} tenants"
    return _card(
        f"<h2>No such conversation</h2><p>There is no conversation {escape(conversation[:80])} at {escape(where)}. Its "
        "address may be wrong; or it has been removed since the facts were told: Refresh takes it out of the figures "
        "then.</p>"
    )


def _find_transcript(desk: Desk, tenant: Tenant, conversation: str) -> Transcript | None:
    try:
        return transcript(desk.registry.database, tenant.context, UUID(conversation))
    except (NotFound, ValueError):
        return None


def _told(desk: Desk, tenant: Tenant, found: Transcript) -> pn.Column:
    log, left = AnswerLog(desk.registry.database), MOST_EXPLAINED
    said = []
    for message in found.messages:
        answer = None
        if message.details.answer_id is not None and left:
            left, answer = left - 1, _find(log, tenant, message.details.answer_id)
        said.append(_message(message, answer, tenant))
    talk = found.conversation
    more = "<p class='quiet'>Further messages are in the agents' console.</p>" if found.more else ""
    head = (
        f"<h2>{escape(talk.channel)}, {escape(local_text(talk.created_at, tenant))}</h2>"
        f"<p class='quiet'>{escape(str(talk.conversation_id))} · {escape(tenant.name)} · now: {escape(talk.status)}</p>"
    )
    return _card(head + "".join(said) + more)


def _find(log: AnswerLog, tenant: Tenant, answer_id: UUID) -> AnswerLineage | None:
    try:
        return log.get(tenant.context, answer_id)
    except NotFound:
        return None


def _message(message: Message, answer: AnswerLineage | None, tenant: Tenant) -> str:
    who = message.details.speaker or _AUTHORS[message.author]
    quoted = "".join(
        f"<li>[{each.number}] {escape(each.title)}{f', {escape(each.section)}' if each.section else ''}</li>"
        for each in message.details.citations
    )
    return (
        f"<article class='{message.author}'><p class='quiet'><strong>{escape(who)}</strong>, "
        f"{escape(local_text(message.created_at, tenant))}</p><p class='text'>{escape(message.text)}</p>"
        f"{f'<ul class=quiet>{quoted}</ul>' if quoted else ''}{_why(message, answer)}</article>"
    )


def _why(message: Message, answer: AnswerLineage | None) -> str:
    told = [*_understood(message.details.lineage), *_steps(message.details.lineage)]
    told += _answered(answer) if answer else []
    if not told:
        return ""
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in told)
    short = "" if answer is None else f": {_short(answer)}"
    return f"<details><summary>Why this{escape(short)}</summary><dl>{lines}</dl></details>"


def _short(answer: AnswerLineage) -> str:
    reason = f", {in_words(answer.reason)}" if answer.reason else ""
    return f"{'answered' if answer.answered else 'refused'}{reason}"


def _understood(lineage: Any) -> list[tuple[str, str]]:
    told = lineage.get("understanding") or {}
    if not told.get("intent"):
        return []
    sure = told.get("confidence")
    certain = f", {sure:.2f} sure (at least {told.get('threshold') or 0:.2f})" if sure is not None else ""
    engine = f", by {told['engine']}" if told.get("engine") else ""
    return [("understood", f"{in_words(told['intent'])}{certain}{engine}")]


def _steps(lineage: Any) -> list[tuple[str, str]]:
    return [(str(step.get("node", "")), str(step.get("what", ""))) for step in lineage.get("steps") or ()]


def _answered(answer: AnswerLineage) -> list[tuple[str, str]]:
    told = []
    if answer.reason:
        told.append(("reason", f"{in_words(answer.reason)}. {REASONS.get(answer.reason, '')}"))
    sure = f"{answer.confidence:.2f}, at least {answer.threshold:.2f} is asked for"
    used = sum(each.used for each in answer.passages)
    told += [
        ("confidence", sure),
        ("passages", f"{len(answer.passages)} found, {used} shown to the model, {len(answer.citations)} quoted"),
        ("search", f"{answer.pipeline}, index {answer.index_version}"),
        ("model", _written_by(answer)),
        ("took", ", ".join(f"{in_words(stage)} {duration(taken)}" for stage, taken in answer.seconds.items())),
        ("answer", str(answer.answer_id)),
    ]
    return told


def _written_by(answer: AnswerLineage) -> str:
    prompt = f", prompt {answer.prompt_id} {answer.prompt_version}" if answer.prompt_id else ""
    tokens = (
        f", {answer.input_tokens:,} tokens read and {answer.output_tokens:,} written" if answer.input_tokens else ""
    )
    cost = f", {money(float(answer.cost), answer.currency)}" if answer.currency else ""
    return f"{answer.model}{prompt}{tokens}{cost}{', from the cache' if answer.cache_hit else ''}"


def _card(html: str) -> pn.Column:
    return pn.Column(
        pn.pane.HTML(html, stylesheets=[STYLE, _SAID], sizing_mode="stretch_width", margin=0),
        stylesheets=[CARD],
        sizing_mode="stretch_width",
        margin=(0, 10, 14, 10),
    )
