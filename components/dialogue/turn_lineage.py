"""How a turn came about, as JSON beside its replies: for people who look after the helpdesk, never for customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.core.nlu import Understanding
from components.dialogue.turn_types import Reply, Step
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.conversations.conversation import MessageDetails
from components.helpdesk.conversations.turn_records import NewMessage
from components.helpdesk.storable import made_readable

MOST_STEPS = 100


def lineage_of(
    steps: Sequence[Step],
    understanding: Understanding | None,
    seconds: Mapping[str, float],
    **more: Any,
) -> dict[str, Any]:
    """steps: of the whole turn. seconds: by part. more: JSON values; what is None is left out."""
    return {
        "steps": [{"node": step.node, "type": step.type, "what": step.what} for step in steps[:MOST_STEPS]],
        "seconds": {part: round(spent, 5) for part, spent in seconds.items()},
        **({} if understanding is None else {"understanding": understanding_json(understanding)}),
        **{name: value for name, value in more.items() if value is not None},
    }


def understanding_json(understanding: Understanding) -> dict[str, Any]:
    """What was understood, and by whom."""
    return {
        "intent": understanding.intent,
        "confidence": round(understanding.confidence, 4),
        "threshold": round(understanding.threshold, 4),
        "engine": understanding.engine,
        "fallback": understanding.fallback,
        "response": understanding.response,
        "entities": [{"name": entity.name, "value": entity.value} for entity in understanding.entities],
        "seconds": round(understanding.seconds, 5),
    }


def new_messages(replies: Sequence[Reply], lineage: Mapping[str, Any]) -> tuple[NewMessage, ...]:
    """The replies as they are stored. The first carries the turn's lineage, each one the node that said it."""
    return tuple(
        NewMessage(
            made_readable(reply.text),
            MessageDetails(
                citations=reply.answered.answer.citations if reply.answered else (),
                answer_id=reply.answered.answer_id if reply.answered else None,
                buttons=reply.buttons,
                lineage={"node": reply.node} | (dict(lineage) if number == 0 else {}),
            ),
        )
        for number, reply in enumerate(replies)
    )


def versions_used(
    before: Mapping[str, Any],
    flow_version: int,
    understanding: Understanding | None,
    answered: Sequence[AnsweredQuestion],
) -> dict[str, Any]:
    """Of flows, NLU, prompt, model and index: as this turn used them, else as they were."""
    used: dict[str, Any] = {"flows": flow_version}
    if understanding is not None:
        used["nlu"] = {"engine": understanding.engine, "version": understanding.version}
    if answered:
        last = answered[-1]
        used |= {
            "prompt": {"id": last.prompt_id, "version": last.prompt_version},
            "model": last.answer.model,
            "index": last.index_version,
        }
    return {**before, **used}
