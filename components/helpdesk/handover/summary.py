"""A conversation in a few lines for the agent who takes it over; each line says which messages it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from components.core.sentences import sentence_spans
from components.core.tenant import TenantContext
from components.helpdesk.conversations.conversation import Conversation, Message
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.handover.summary_writer import SummaryWriter

MOST_QUOTED = 4
LONGEST_LINE = 220
EXTRACTIVE = "extractive"
# As much as a model reads whole, and what an agent may still want to know of.
MESSAGES_READ = 60


@dataclass(frozen=True)
class SummaryLine:
    """sequences: of the messages that it comes from; none for what the bot collected."""

    text: str
    sequences: tuple[int, ...] = ()


@dataclass(frozen=True)
class Summary:
    """made_by: name of the language model, or `extractive`. Every line is quoted, or checked against what was said."""

    lines: tuple[SummaryLine, ...]
    made_by: str
    last_sequence: int


class Summaries:
    """Writes summaries."""

    def __init__(self, conversations: Conversations, writer: SummaryWriter) -> None:
        self._conversations, self._writer = conversations, writer

    def of_conversation(self, tenant: TenantContext, conversation_id: UUID, *, deadline: float) -> Summary:
        """By the tenant's language model where it has one that answers in time and keeps to what was said, else
        quoted. deadline: seconds. Raises NotFound, DatabaseUnavailable."""
        conversation = self._conversations.get(tenant, conversation_id)
        after = max(conversation.last_sequence - MESSAGES_READ, 0)
        messages = self._conversations.messages(tenant, conversation_id, after=after)
        written = self._writer.write(tenant, messages, deadline=deadline)
        if written is not None:
            lines = tuple(SummaryLine(each.text, each.sequences) for each in written.sentences)
            return Summary((*lines, *_collected(conversation)), written.model, conversation.last_sequence)
        return Summary((*_quoted(messages), *_collected(conversation)), EXTRACTIVE, conversation.last_sequence)


def _quoted(messages: Sequence[Message]) -> tuple[SummaryLine, ...]:
    """The customer's first words and their questions, the newest of them in full; then what they were last told."""
    said = [each for each in messages if each.author == "customer" and each.text.strip()]
    asking = [each for each in said if "?" in each.text]
    chosen = {each.sequence: each for each in (*said[:1], *asking[-(MOST_QUOTED - 2) :], *said[-1:])}
    lines = [
        SummaryLine(f"Customer: “{_shortened(chosen[sequence].text)}”", (sequence,)) for sequence in sorted(chosen)
    ]
    told = [each for each in messages if each.author in ("bot", "agent") and each.text.strip()]
    if told and said:
        last = told[-1]
        who = last.details.speaker or "Assistant"
        lines.append(SummaryLine(f"{who}, last: “{_shortened(last.text)}”", (last.sequence,)))
    return tuple(lines)


def _collected(conversation: Conversation) -> tuple[SummaryLine, ...]:
    """What the bot's forms have asked for; JSON's own structures are for the lineage."""
    variables = (conversation.handover or {}).get("variables", {})
    known = [
        f"{name.replace('_', ' ')}: {value}"
        for name, value in variables.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip()
    ]
    return (SummaryLine(f"Collected: {_shortened('; '.join(known))}"),) if known else ()


def _shortened(text: str) -> str:
    """Whole sentences as far as they fit."""
    line = " ".join(text.split())
    if len(line) <= LONGEST_LINE:
        return line
    ends = [end for _, end in sentence_spans(line) if end <= LONGEST_LINE]
    return f"{line[: ends[-1]]} …" if ends else f"{line[: LONGEST_LINE - 1].rstrip()}…"
