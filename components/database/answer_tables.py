"""Tables of answers as they were given, and of what customers thought of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, ChangedIn, Json, Key, Moment, TenantId


class AnswerRow(Base):
    """An answer as it was given, with all that it stood on."""

    __tablename__ = "answers"
    __table_args__ = (
        Index("ix_answers_changed_in", "tenant_id", "changed_in"),
        UniqueConstraint("tenant_id", "answer_id"),
        Index(None, "tenant_id", "created_at"),
        Index(None, "tenant_id", "trace_id"),
        Index(
            "ix_answers_inside",
            "tenant_id",
            "created_at",
            postgresql_where=text("channel IN ('replay', 'console', 'evaluation', 'playground', 'cli')"),
        ),
    )

    answer_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    question: Mapped[str]
    text: Mapped[str]
    answered: Mapped[bool]
    confidence: Mapped[float]
    threshold: Mapped[float]
    model: Mapped[str]
    pipeline: Mapped[str]
    index_version: Mapped[int] = mapped_column(BigInteger)
    citations: Mapped[list[Any]]
    passages: Mapped[list[Any]]
    seconds: Mapped[Json]
    channel: Mapped[str]
    created_at: Mapped[Moment]
    trace_id: Mapped[str | None]
    top_k: Mapped[int | None] = mapped_column(SmallInteger)
    used: Mapped[list[str]] = mapped_column(server_default="{}")
    reason: Mapped[str | None]
    prompt_id: Mapped[str | None]
    prompt_version: Mapped[int | None]
    provider: Mapped[str | None]
    input_tokens: Mapped[int] = mapped_column(BigInteger, server_default="0")
    output_tokens: Mapped[int] = mapped_column(BigInteger, server_default="0")
    cost: Mapped[Decimal] = mapped_column(server_default="0")
    currency: Mapped[str | None]
    cache_hit: Mapped[bool] = mapped_column(server_default="false")
    retries: Mapped[int] = mapped_column(server_default="0")
    generation: Mapped[Json] = mapped_column(server_default="{}")
    changed_in: Mapped[ChangedIn]


class FeedbackRow(Base):
    """A customer's thumb on an answer: 1 up, -1 down. The key holds both in the same tenant."""

    __tablename__ = "feedback"
    __table_args__ = (
        Index("ix_feedback_changed_in", "tenant_id", "changed_in"),
        ForeignKeyConstraint(
            ["tenant_id", "answer_id"], ["answers.tenant_id", "answers.answer_id"], ondelete="CASCADE"
        ),
        UniqueConstraint("answer_id"),
        CheckConstraint("rating IN (-1, 1)", name="rating"),
    )

    feedback_id: Mapped[Key]
    tenant_id: Mapped[TenantId] = mapped_column(index=True)
    answer_id: Mapped[UUID]
    rating: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str | None]
    created_at: Mapped[Moment]
    changed_in: Mapped[ChangedIn]
