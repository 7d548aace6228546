"""The questions of customers that the knowledge did not answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from components.core.answers import Reason
from components.database.tables import AnswerRow
from components.helpdesk.inside_channels import INSIDE

# Nothing was found, or what was found does not answer. A model that was down, or nothing indexed, is no gap.
REASONS: tuple[Reason, ...] = ("not_retrieved", "low_confidence", "retrieved_unused", "unsupported")
_ROW = AnswerRow


@dataclass(frozen=True)
class UnansweredQuestion:
    answer_id: UUID
    question: str
    at: datetime


def unanswered_questions(session: Session, since: datetime, until: datetime, most: int) -> Sequence[UnansweredQuestion]:
    """Of the session's tenant, of [since, until), the newest `most` of them."""
    wanted = select(_ROW.answer_id, _ROW.question, _ROW.created_at).where(_unanswered(since, until))
    rows = session.execute(wanted.order_by(_ROW.created_at.desc(), _ROW.answer_id).limit(most))
    return [UnansweredQuestion(*row) for row in rows]


def count_unanswered(session: Session, since: datetime, until: datetime) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(_ROW).where(_unanswered(since, until))) or 0


def _unanswered(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(
        _ROW.created_at >= since,
        _ROW.created_at < until,
        ~_ROW.answered,
        _ROW.reason.in_(REASONS),
        _ROW.channel.not_in(INSIDE),
    )
