"""What a person needs to take a conversation over, gathered at the moment it is put into the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from components.core.nlu import Understanding
from components.dialogue.turn_lineage import understanding_json
from components.dialogue.turn_types import DialogueState, Handover
from components.helpdesk.conversations.conversation import Message

MOST_SHOWN = 20
LONGEST_SUMMARY = 200
_REASONS = {
    "asked_by_customer": "The customer asked for a person",
    "asked_by_flow": "The flow leads to a person here",
    "not_understood": "The customer was not understood",
    "no_answer": "The knowledge has no answer",
    "gave_up": "The customer's answers did not fit",
    "work_failed": "Work that was ordered was not done",
    "fault": "The conversation ran into a fault",
    "came_back": "The customer came back after it was resolved",
}


def handover_context(
    handover: Handover,
    message: Message | None,
    earlier: Sequence[Message],
    *,
    state: DialogueState,
    understanding: Understanding | None,
    language: str,
    answer_ids: Sequence[UUID],
) -> dict[str, Any]:
    """JSON values. `messages` and `answers` reach back to the handover before, the last twenty of each.

    message: the one that led here, None where the opening did. earlier: the conversation's messages before it, in
    order. answer_ids: of this turn.
    """
    since = _since_last_handover(earlier)
    said = [each for each in (*since, message) if each is not None and each.author == "customer"]
    answers = [str(each.details.answer_id) for each in since if each.details.answer_id]
    return {
        "reason": handover.reason,
        "node": handover.node,
        "priority": handover.priority,
        "sequence": message.sequence if message else 0,
        "language": language,
        "summary": _summary(handover, said),
        "messages": [{"sequence": each.sequence, "text": each.text} for each in said[-MOST_SHOWN:]],
        "variables": dict(state.variables),
        "understanding": None if understanding is None else understanding_json(understanding),
        "answers": (answers + [str(each) for each in answer_ids])[-MOST_SHOWN:],
        "acknowledged": False,
    }


def _since_last_handover(messages: Sequence[Message]) -> Sequence[Message]:
    last = max((each.reply_to or 0 for each in messages if each.details.lineage.get("handover")), default=0)
    return [each for each in messages if each.sequence > last and (each.reply_to or each.sequence) > last]


def _summary(handover: Handover, said: Sequence[Message]) -> str:
    reason = f"{_REASONS[handover.reason]} (at {handover.node}, after {len(said)} messages)."
    if not said:
        return reason
    last = " ".join(said[-1].text.split())
    return f"{reason} Last said: “{last if len(last) <= LONGEST_SUMMARY else last[: LONGEST_SUMMARY - 1] + '…'}”"
