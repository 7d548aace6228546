"""What customers asked and were told, read for whoever drafts questions from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, and_, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from components.database.tables import AnswerRow, ConversationRow, FeedbackRow, MessageRow, OutcomeRow
from components.helpdesk.inside_channels import INSIDE
from components.helpdesk.outcome_rules import HELPFUL, UNHELPFUL

_RESOLVED = ("verified", "contained", "handed_over")


@dataclass(frozen=True)
class AskedQuestion:
    """A customer's question and what came of it. cited: documents of the answer's citations; found: those of its
    passages, best first. approved: by thumb or stars, None where nobody said. agent_said: the most that a person
    said at once after the answer, where one took over; they begin with a greeting. customer: what is known of them."""

    question: str
    answer_id: UUID
    conversation_id: UUID | None
    cited: tuple[str, ...]
    found: tuple[str, ...]
    approved: bool | None
    agent_said: str | None
    customer: Mapping[str, Any]
    why: str


def asked_in_conversations(session: Session, since: datetime, until: datetime, limit: int) -> list[AskedQuestion]:
    """Of conversations that ended in this time resolved, the newest answers first."""
    wanted = (
        _asked()
        .where(OutcomeRow.ended_at >= since, OutcomeRow.ended_at < until, OutcomeRow.result.in_(_RESOLVED))
        .order_by(AnswerRow.created_at.desc(), AnswerRow.answer_id)
        .limit(limit)
    )
    return [_read(session, row) for row in session.execute(wanted)]


def asked_with_ratings(session: Session, since: datetime, until: datetime, limit: int) -> list[AskedQuestion]:
    """Of answers given in this time that got a thumb, or whose conversation got stars that say something."""
    said = or_(OutcomeRow.rating >= HELPFUL, OutcomeRow.rating <= UNHELPFUL)
    wanted = (
        _asked()
        .where(AnswerRow.created_at >= since, AnswerRow.created_at < until)
        .where(or_(FeedbackRow.rating.is_not(None), said))
        .order_by(AnswerRow.created_at.desc(), AnswerRow.answer_id)
        .limit(limit)
    )
    return [_read(session, row) for row in session.execute(wanted)]


def _asked() -> Select[Any, Any, Any, Any, Any, Any]:
    """Every answer to a customer, with its thumb and, where it was given in one, its conversation."""
    of_answer = and_(
        MessageRow.tenant_id == AnswerRow.tenant_id,
        MessageRow.author == "bot",
        cast(MessageRow.details["answer_id"].astext, Uuid) == AnswerRow.answer_id,
    )
    return (
        select(
            AnswerRow, MessageRow, ConversationRow.customer, OutcomeRow.result, OutcomeRow.rating, FeedbackRow.rating
        )
        .select_from(AnswerRow)
        .outerjoin(MessageRow, of_answer)
        .outerjoin(ConversationRow, ConversationRow.conversation_id == MessageRow.conversation_id)
        .outerjoin(OutcomeRow, OutcomeRow.conversation_id == MessageRow.conversation_id)
        .outerjoin(FeedbackRow, FeedbackRow.answer_id == AnswerRow.answer_id)
        .where(AnswerRow.channel.not_in(INSIDE))
    )


def _read(session: Session, row: Row[Any, Any, Any, Any, Any, Any]) -> AskedQuestion:
    answer, message, customer, result, stars, thumb = row
    approved = _approved(thumb, stars)
    return AskedQuestion(
        question=answer.question,
        answer_id=answer.answer_id,
        conversation_id=message.conversation_id if message is not None else None,
        cited=tuple(dict.fromkeys(each["document_id"] for each in answer.citations)),
        found=tuple(dict.fromkeys(each["document_id"] for each in answer.passages if each.get("document_id"))),
        approved=approved,
        agent_said=_agent_said(session, message) if result == "handed_over" else None,
        customer=customer or {},
        why=_why(answer.answered, result, thumb, stars),
    )


def _agent_said(session: Session, message: MessageRow) -> str | None:
    later = aliased(MessageRow)
    found: str | None = session.scalar(
        select(later.text)
        .where(later.conversation_id == message.conversation_id, later.sequence > message.sequence)
        .where(later.author == "agent")
        .order_by(func.length(later.text).desc(), later.sequence)
        .limit(1)
    )
    return found


def _approved(thumb: int | None, stars: int | None) -> bool | None:
    if thumb is not None:
        return thumb > 0
    if stars is None or UNHELPFUL < stars < HELPFUL:
        return None
    return bool(stars >= HELPFUL)


def _why(answered: bool, result: str | None, thumb: int | None, stars: int | None) -> str:
    told = ["answered" if answered else "refused"]
    if thumb is not None:
        told.append("thumb up" if thumb > 0 else "thumb down")
    if stars is not None:
        told.append(f"{stars} of 5 stars")
    if result is not None:
        told.append(f"conversation {result.replace('_', ' ')}")
    return ", ".join(told)
