"""What an agent might answer: quoted from the knowledge, with its passages, for the customer's last questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from components.core.answers import LONGEST_QUESTION, Citation
from components.core.errors import IndexUnavailable, ModelUnavailable
from components.core.tenant import TenantContext
from components.helpdesk.answering import Answering
from components.helpdesk.conversations.conversation import Message
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.inside_channels import SUGGESTION
from components.retrieval.grounding.citations import without_marks

MOST_SUGGESTIONS = 3
# How far back a question may lie that an agent still wants to answer.
_MESSAGES_LOOKED_AT = 50


@dataclass(frozen=True)
class Suggestion:
    """text: with its [n]; insert: the same without them, for the agent to edit. sequence: of the message whose question
    it answers. answer_id: of its lineage."""

    question: str
    sequence: int
    text: str
    insert: str
    citations: tuple[Citation, ...]
    confidence: float
    answer_id: UUID


@dataclass(frozen=True)
class Suggested:
    """asked: the questions that were put to the knowledge; none where the customer has said nothing. complete: whether
    all of them were answered or refused in the time there was."""

    asked: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]
    complete: bool = True


class Suggestions:
    """Asks the knowledge on an agent's behalf."""

    def __init__(self, conversations: Conversations, answering: Answering) -> None:
        self._conversations, self._answering = conversations, answering

    def for_conversation(self, tenant: TenantContext, conversation_id: UUID, *, deadline: float) -> Suggested:
        """The newest question's first. deadline: seconds. Raises NotFound, DatabaseUnavailable; where the knowledge or
        its model cannot be asked there are none, and it is not complete."""
        until = monotonic() + deadline
        conversation = self._conversations.get(tenant, conversation_id)
        after = max(conversation.last_sequence - _MESSAGES_LOOKED_AT, 0)
        questions = _questions(self._conversations.messages(tenant, conversation_id, after=after))
        found: list[Suggestion] = []
        complete = True
        for question in questions:
            left = until - monotonic()
            if left <= 0:
                complete = False
                break
            try:
                suggestion = self._answer(tenant, question, left)
            except (IndexUnavailable, ModelUnavailable):
                complete = False
                break
            if suggestion is not None and all(suggestion.insert != each.insert for each in found):
                found.append(suggestion)
        return Suggested(tuple(each.text for each in questions), tuple(found), complete)

    def _answer(self, tenant: TenantContext, message: Message, left: float) -> Suggestion | None:
        answered = self._answering.answer(tenant, message.text[:LONGEST_QUESTION], channel=SUGGESTION, deadline=left)
        answer = answered.answer
        if not answer.answered:
            return None
        return Suggestion(
            question=message.text,
            sequence=message.sequence,
            text=answer.text,
            insert=without_marks(answer.text).strip(),
            citations=answer.citations,
            confidence=answer.confidence,
            answer_id=answered.answer_id,
        )


def _questions(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The customer's last messages, the newest first; what was said before the last agent's word only where nothing
    came since."""
    answered = max((each.sequence for each in messages if each.author == "agent"), default=0)
    said = [each for each in messages if each.author == "customer" and each.text.strip()]
    open_ones = [each for each in said if each.sequence > answered]
    return tuple((open_ones or said[-1:])[::-1][:MOST_SUGGESTIONS])
