"""Tables of a tenant's knowledge: documents and passages, when they changed, and what is wrong with them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, Json, Key, MaybeMoment, Moment, TenantId, TenantKey


class RawDocumentRow(Base):
    """What a source held when it was last seen; the bytes stay in the source."""

    __tablename__ = "raw_documents"

    tenant_id: Mapped[TenantKey]
    document_id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    path: Mapped[str]
    media_type: Mapped[str]
    checksum: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[Moment]


class DocumentRow(Base):
    """A document normalised to Markdown. `chunked_as` says by which rules its chunks were cut, null before."""

    __tablename__ = "documents"

    tenant_id: Mapped[TenantKey]
    document_id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    title: Mapped[str]
    markdown: Mapped[str]
    checksum: Mapped[str]
    chunked_as: Mapped[str | None]
    updated_at: Mapped[Moment]


class DocumentProblemRow(Base):
    """Why a document could not be used."""

    __tablename__ = "document_problems"

    tenant_id: Mapped[TenantKey]
    document_id: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    message: Mapped[str]
    seen_at: Mapped[Moment]


class ChunkRow(Base):
    """A passage of a document; it goes when the document goes. `compared_as` says by which rules it was held against
    the others for what contradicts it, null before."""

    __tablename__ = "chunks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "document_id"], ["documents.tenant_id", "documents.document_id"], ondelete="CASCADE"
        ),
        Index(None, "tenant_id", "document_id"),
    )

    tenant_id: Mapped[TenantKey]
    chunk_id: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[str]
    title: Mapped[str]
    heading_path: Mapped[list[str]]
    text: Mapped[str]
    position: Mapped[int]
    tokens: Mapped[int]
    compared_as: Mapped[str | None]


class KnowledgeChangeRow(Base):
    """A change of a document at its source. changed_at: when the source says it was, null where that cannot be;
    seen_at: when it was found. answerable_at: since when customers are told so, or are told it no longer; null until
    then."""

    __tablename__ = "knowledge_changes"
    __table_args__ = (
        CheckConstraint("kind IN ('added', 'changed', 'removed')", name="kind"),
        Index(None, "tenant_id", "seen_at"),
        Index("ix_knowledge_changes_open", "tenant_id", "document_id", postgresql_where=text("answerable_at IS NULL")),
    )

    change_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    document_id: Mapped[str]
    source: Mapped[str]
    kind: Mapped[str]
    changed_at: Mapped[MaybeMoment]
    seen_at: Mapped[Moment]
    answerable_at: Mapped[MaybeMoment]


class KnowledgeLookRow(Base):
    """When something was last looked at, and what came of it. subject: `source` (by its name), `conflicts` or `gaps`.
    failed_at: since when it cannot be looked at, null where the last look went well."""

    __tablename__ = "knowledge_looks"

    tenant_id: Mapped[TenantKey]
    subject: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    looked_at: Mapped[MaybeMoment]
    figures: Mapped[Json] = mapped_column(server_default="{}")
    failed_at: Mapped[MaybeMoment]
    failure: Mapped[str | None]


class KnowledgeCheckRow(Base):
    """A check's results as long as they stay the same: the first of them since `since`, the last at `at`."""

    __tablename__ = "knowledge_checks"
    __table_args__ = (Index(None, "tenant_id", "name", "at"),)

    check_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    name: Mapped[str]
    asset: Mapped[str]
    passed: Mapped[bool]
    severity: Mapped[str]
    description: Mapped[str]
    figures: Mapped[Json]
    since: Mapped[Moment]
    at: Mapped[Moment]
    times: Mapped[int]


class KnowledgeConflictRow(Base):
    """Two sentences of two documents that cannot both hold. Its id comes from them, so that it stays the same one."""

    __tablename__ = "knowledge_conflicts"

    tenant_id: Mapped[TenantKey]
    conflict_id: Mapped[str] = mapped_column(primary_key=True)
    index_version: Mapped[int] = mapped_column(BigInteger)
    first_chunk_id: Mapped[str]
    first_document_id: Mapped[str]
    first_sentence: Mapped[str]
    second_chunk_id: Mapped[str]
    second_document_id: Mapped[str]
    second_sentence: Mapped[str]
    kind: Mapped[str]
    why: Mapped[str]
    similarity: Mapped[float]
    first_seen: Mapped[Moment]
    dismissed_by: Mapped[str | None]
    dismissed_at: Mapped[MaybeMoment]


class KnowledgeGapRow(Base):
    """A topic that customers asked about between two moments and were not answered. rank: 1 was asked most."""

    __tablename__ = "knowledge_gaps"

    tenant_id: Mapped[TenantKey]
    rank: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]
    questions: Mapped[int]
    examples: Mapped[list[Any]]
    trend: Mapped[list[Any]]
    nearest: Mapped[list[Any]]
    draft: Mapped[str]
    drafted_by: Mapped[str]
    since: Mapped[Moment]
    until: Mapped[Moment]
