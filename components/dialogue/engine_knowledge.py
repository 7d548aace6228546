"""A question that the dialogue puts to the tenant's knowledge, and the reply to it."""

from __future__ import annotations

from typing import Literal

from components.core.errors import DatabaseUnavailable, HelpdeskError, IndexUnavailable, Unavailable
from components.dialogue.engine_run import TurnRun

KnowledgeOutcome = Literal["answered", "unanswered", "unavailable", "fault"]


def answer_from_knowledge(run: TurnRun, question: str) -> KnowledgeOutcome:
    """Says what the knowledge says, or that it does not say, or an apology where it cannot be asked; after a `fault`
    nothing is said yet. Raises DatabaseUnavailable: then the turn is not to be stored at all."""
    reply = len(run.replies)
    heard: list[str] = []

    def on_text(piece: str) -> None:
        heard.append(piece)
        run.given.listener.replying(reply, piece)

    try:
        answered = run.given.ports.answer(question, on_text)
    except DatabaseUnavailable:
        raise
    except HelpdeskError as error:
        run.note("rag", error.code)
        if not isinstance(error, Unavailable):
            return "fault"
        run.say(run.wording("preparing" if isinstance(error, IndexUnavailable) else "cannot_look_up"))
        return "unavailable"
    answer = answered.answer
    run.note("rag", f"{'answered' if answer.answered else 'not answered'} {answer.confidence:.2f}")
    run.say(answer.text or run.wording("dont_know"), answered=answered, heard=bool(heard))
    return "answered" if answer.answered else "unanswered"
