"""Every table of the helpdesk, each row of which belongs to one tenant."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, Index, func
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
from components.database.declarative import Base, Instant, Json, Key, MaybeMoment, Moment, TenantId
from components.database.dialogue_tables import (
    ConversationRow,
    FlowActivationRow,
    FlowReleaseRow,
    MessageRow,
    NluEvaluationRow,
)
from components.database.evaluation_tables import EvaluationRunRow, EvaluationSetRow
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
from components.database.knowledge_tables import (
    ChunkRow,
    DocumentProblemRow,
    DocumentRow,
    KnowledgeChangeRow,
    KnowledgeCheckRow,
    KnowledgeConflictRow,
    KnowledgeGapRow,
    KnowledgeLookRow,
    RawDocumentRow,
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
    "EvaluationRunRow",
    "EvaluationSetRow",
    "FactDeletionRow",
    "FeedbackRow",
    "FlowActivationRow",
    "FlowReleaseRow",
    "GoalPlanRow",
    "InboundMessageRow",
    "IndexEvaluationRow",
    "InternalNoteRow",
    "KnowledgeChangeRow",
    "KnowledgeCheckRow",
    "KnowledgeConflictRow",
    "KnowledgeGapRow",
    "KnowledgeLookRow",
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
