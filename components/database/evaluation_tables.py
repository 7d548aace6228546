"""Tables of evaluation: questions with known answers, by version, and what was measured with them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, Json, MaybeMoment, Moment, TenantId, TenantKey


class EvaluationSetRow(Base):
    """Questions and which documents answer them. `version` is the checksum of what is asked and expected; it never
    changes. kind: where the questions are from; provenance: the same of each one. expected: what an answer should say,
    by question. The version activated last is the one in use."""

    __tablename__ = "evaluation_sets"
    __table_args__ = (CheckConstraint("kind IN ('written', 'conversations', 'ratings')", name="kind"),)

    tenant_id: Mapped[TenantKey]
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    queries: Mapped[Any] = mapped_column(JSONB)
    qrels: Mapped[Any] = mapped_column(JSONB)
    created_at: Mapped[Moment]
    kind: Mapped[str] = mapped_column(server_default="written")
    expected: Mapped[Json] = mapped_column(server_default="{}")
    provenance: Mapped[Json] = mapped_column(server_default="{}")
    author: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    reviewed_by: Mapped[str | None]
    activated_at: Mapped[Moment]


class EvaluationRunRow(Base):
    """One measurement. purpose: what it decides, an index or a prompt, or nothing (trial). variant: what
    was measured; fingerprint: of all that decides its result. metrics: by name, each with its interval. results: of
    each question. comparison: with what it was held against, null for nothing. blocked: whether something was kept from
    serving for it. answers_gone_at: since when the answers' words are kept no longer, null while they are."""

    __tablename__ = "evaluation_runs"
    __table_args__ = (
        CheckConstraint("kind IN ('retrieval', 'answer')", name="kind"),
        CheckConstraint("purpose IN ('index', 'prompt', 'trial')", name="purpose"),
        Index(None, "tenant_id", "kind", "finished_at"),
        Index(None, "tenant_id", "fingerprint"),
    )

    tenant_id: Mapped[TenantId]
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str]
    purpose: Mapped[str]
    set_name: Mapped[str]
    set_version: Mapped[str]
    variant: Mapped[Json]
    fingerprint: Mapped[str]
    metrics: Mapped[Json]
    results: Mapped[list[Any]]
    comparison: Mapped[Json | None]
    reason: Mapped[str]
    blocked: Mapped[bool] = mapped_column(server_default="false")
    started_at: Mapped[Moment]
    finished_at: Mapped[Moment]
    answers_gone_at: Mapped[MaybeMoment]
