"""Every table of the helpdesk, each row of which belongs to one tenant."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from components.database.action_tables import (
    AddedToolRow,
    ApprovalRow,
    GoalPlanRow,
    ToolInvocationRow,
    ToolPaceRow,
    WorkflowRow,
    WorkRunRow,
    WorkStepRow,
)
from components.database.answer_tables import AnswerRow, FeedbackRow
from components.database.channel_tables import (
    ChannelStateRow,
    ChannelThreadRow,
    DeliveryRow,
    InboundMessageRow,
    ReceiptRow,
)
from components.database.declarative import Base, Instant, Json, Key, MaybeMoment, Moment, TenantId, TenantKey
from components.database.dialogue_tables import (
    ConversationRow,
    FlowActivationRow,
    FlowReleaseRow,
    MessageRow,
    NluEvaluationRow,
)
from components.database.fact_tables import FactDeletionRow
from components.database.gateway_tables import ModelCallRow, ModelSpendingRow, PromptActivationRow, PromptRow
from components.database.handover_tables import (
    AgentRow,
    AttachmentRow,
    CannedAnswerRow,
    ConversationEventRow,
    InternalNoteRow,
    OutboxRow,
    OutcomeRow,
)
from components.database.shop_tables import CustomerNoteRow, CustomerRow, ShopOrderRow, ShopProductRow, ShopRefundRow
from components.database.ticket_tables import TicketEventRow, TicketNumberRow, TicketRow

__all__ = [
    "AddedToolRow",
    "AgentRow",
    "AnswerRow",
    "ApiKeyRow",
    "ApprovalRow",
    "AttachmentRow",
    "AuditLogRow",
    "Base",
    "CannedAnswerRow",
    "ChannelStateRow",
    "ChannelThreadRow",
    "ChunkRow",
    "ConversationEventRow",
    "ConversationRow",
    "CustomerNoteRow",
    "CustomerRow",
    "DeliveryRow",
    "DocumentProblemRow",
    "DocumentRow",
    "EvaluationSetRow",
    "FactDeletionRow",
    "FeedbackRow",
    "FlowActivationRow",
    "FlowReleaseRow",
    "GoalPlanRow",
    "InboundMessageRow",
    "IndexEvaluationRow",
    "InternalNoteRow",
    "MessageRow",
    "ModelCallRow",
    "ModelSpendingRow",
    "NluEvaluationRow",
    "OutboxRow",
    "OutcomeRow",
    "PromptActivationRow",
    "PromptRow",
    "RawDocumentRow",
    "ReceiptRow",
    "ShopOrderRow",
    "ShopProductRow",
    "ShopRefundRow",
    "TenantRow",
    "TicketEventRow",
    "TicketNumberRow",
    "TicketRow",
    "ToolInvocationRow",
    "ToolPaceRow",
    "WorkRunRow",
    "WorkStepRow",
    "WorkflowRow",
]


class TenantRow(Base):
    """The registry, section 2.1 of the design. Times are UTC without saying so, as the design has them."""

    __tablename__ = "tenants"

    tenant_id: Mapped[Key]
    name: Mapped[str]
    domain: Mapped[str] = mapped_column(unique=True)
    config_json: Mapped[Json]
    created_at: Mapped[Instant] = mapped_column(server_default=func.now())
    updated_at: Mapped[Instant] = mapped_column(server_default=func.now(), onupdate=func.now())


class ApiKeyRow(Base):
    """A tenant's key to the API: only its hash is kept, and a revoked one stays as evidence."""

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[TenantId] = mapped_column(index=True)
    key_hash: Mapped[str]
    label: Mapped[str]
    created_at: Mapped[Moment]
    last_used_at: Mapped[MaybeMoment]
    revoked_at: Mapped[MaybeMoment]


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
    """A passage of a document; it goes when the document goes."""

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


class EvaluationSetRow(Base):
    """Questions and which documents answer them. `version` is the checksum of both."""

    __tablename__ = "evaluation_sets"

    tenant_id: Mapped[TenantKey]
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    queries: Mapped[Any] = mapped_column(JSONB)
    qrels: Mapped[Any] = mapped_column(JSONB)
    created_at: Mapped[Moment]


class IndexEvaluationRow(Base):
    """How good one version of a tenant's index was, and whether it was promoted to serve."""

    __tablename__ = "index_evaluations"
    __table_args__ = (Index(None, "tenant_id", "created_at"),)

    evaluation_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    index_version: Mapped[int] = mapped_column(BigInteger)
    set_name: Mapped[str]
    set_version: Mapped[str]
    pipeline: Mapped[str]
    metrics: Mapped[Json]
    threshold: Mapped[float]
    promoted: Mapped[bool]
    created_at: Mapped[Moment]


class AuditLogRow(Base):
    """Who did what, section 11 of the design. The application may add rows and never change them."""

    __tablename__ = "audit_logs"
    __table_args__ = (Index(None, "tenant_id", "timestamp"),)

    id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    user_id: Mapped[UUID | None]
    action: Mapped[str | None]
    details: Mapped[Json | None] = mapped_column("metadata", JSONB)
    timestamp: Mapped[Instant]
