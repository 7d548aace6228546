"""Thumbs up and down on answers, at most one an answer: the last one counts."""

from __future__ import annotations

from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert

from components.core.errors import InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AnswerRow, FeedbackRow
from components.helpdesk.storable import storable

LONGEST_COMMENT = 2000


class FeedbackLog:
    """Stores what customers thought of answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rate(self, tenant: TenantContext, answer_id: UUID, rating: Literal[-1, 1], comment: str | None = None) -> None:
        """Raises NotFound for an answer that is not this tenant's, InvalidInput for another rating
        or a comment that is too long."""
        if rating not in (-1, 1):
            raise InvalidInput(f"rating={rating!r}: 1 (helpful) and -1 (not helpful) are allowed", field="rating")
        if comment is not None and len(storable(comment, "comment")) > LONGEST_COMMENT:
            raise InvalidInput(
                f"comment has {len(comment)} characters: at most {LONGEST_COMMENT} are allowed", field="comment"
            )
        with self._database.tenant(tenant) as session:
            if session.get(AnswerRow, answer_id) is None:
                raise NotFound(f"no answer has the id {answer_id}", field="answer_id")
            statement = insert(FeedbackRow).values(
                feedback_id=uuid4(), tenant_id=tenant.tenant_id, answer_id=answer_id, rating=rating, comment=comment
            )
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=[FeedbackRow.answer_id], set_={"rating": rating, "comment": comment}
                )
            )
