"""Tables of conversations, of flows by version, and of how well messages are understood."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, ChangedIn, Json, Key, MaybeMoment, Moment, TenantId, TenantKey


class FlowReleaseRow(Base):
    """All flow files of a tenant as one version; it is never changed, the next version is."""

    __tablename__ = "flow_releases"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    tenant_id: Mapped[TenantKey]
    version: Mapped[int] = mapped_column(primary_key=True)
    files: Mapped[Json]
    checksum: Mapped[str]
    author: Mapped[str]
    note: Mapped[str]
    created_at: Mapped[Moment]


class FlowActivationRow(Base):
    """Which version new conversations begin on: the highest `sequence` says so. Version 0 is the shipped one."""

    __tablename__ = "flow_activations"

    tenant_id: Mapped[TenantKey]
    sequence: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    author: Mapped[str]
    activated_at: Mapped[Moment]


class ConversationRow(Base):
    """A session with a customer and where it stands after its last finished turn.

    last_sequence: of its newest message. turn_owner, turn_until: who works on a turn now, and when that claim lapses.
    handover: what a person needs to take over, while status is `waiting` or `agent`. versions: of flows, NLU, prompt,
    model and index as the last turn used them. agent_id: who owns it while status is `agent`, else who is asked first,
    if anybody. changes: events of its ownership so far. customer_read, agent_read: the last sequence that each has
    seen. apologised_at: when it was said that nobody was free in time.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_changed_in", "tenant_id", "changed_in"),
        Index("ix_conversations_created_at", "tenant_id", "created_at"),
        UniqueConstraint("tenant_id", "conversation_id"),
        ForeignKeyConstraint(
            ["tenant_id", "agent_id"], ["agents.tenant_id", "agents.agent_id"], name="fk_conversations_agent"
        ),
        CheckConstraint("status IN ('bot', 'waiting', 'agent', 'closed')", name="status"),
        Index(None, "tenant_id", "updated_at"),
        Index(
            "ix_conversations_held",
            "tenant_id",
            "status",
            postgresql_where=text("status IN ('waiting', 'agent')"),
        ),
        Index(
            "ix_conversations_open", "tenant_id", "updated_at", postgresql_where=text("status IN ('bot', 'waiting')")
        ),
    )

    conversation_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    channel: Mapped[str]
    customer: Mapped[Json] = mapped_column(server_default="{}")
    status: Mapped[str] = mapped_column(server_default="bot")
    flow_version: Mapped[int]
    state: Mapped[Json] = mapped_column(server_default="{}")
    language: Mapped[str | None]
    versions: Mapped[Json] = mapped_column(server_default="{}")
    last_sequence: Mapped[int] = mapped_column(server_default="0")
    handover: Mapped[Json | None]
    turn_owner: Mapped[UUID | None] = mapped_column(Uuid)
    turn_until: Mapped[MaybeMoment]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    agent_id: Mapped[UUID | None] = mapped_column(Uuid)
    team: Mapped[str] = mapped_column(server_default="")
    priority: Mapped[str] = mapped_column(server_default="normal")
    changes: Mapped[int] = mapped_column(server_default="0")
    customer_read: Mapped[int] = mapped_column(server_default="0")
    agent_read: Mapped[int] = mapped_column(server_default="0")
    waiting_since: Mapped[MaybeMoment]
    agent_since: Mapped[MaybeMoment]
    closed_at: Mapped[MaybeMoment]
    customer_wrote_at: Mapped[MaybeMoment]
    agent_wrote_at: Mapped[MaybeMoment]
    apologised_at: Mapped[MaybeMoment]
    changed_in: Mapped[ChangedIn]


class MessageRow(Base):
    """One message. reply_to: the sequence of the customer's message that a bot's answers. handled_at: when the turn
    of a customer's message was stored, null until then. details: citations, answer, buttons, attachments, speaker,
    lineage."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_changed_in", "tenant_id", "changed_in"),
        Index("ix_messages_created_at", "tenant_id", "created_at"),
        ForeignKeyConstraint(
            ["tenant_id", "conversation_id"],
            ["conversations.tenant_id", "conversations.conversation_id"],
            name="fk_messages_conversation",
            ondelete="CASCADE",
        ),
        UniqueConstraint("tenant_id", "conversation_id", "client_message_id", name="uq_messages_client_message_id"),
        CheckConstraint("author IN ('customer', 'bot', 'system', 'agent')", name="author"),
        Index(
            "ix_messages_unhandled",
            "tenant_id",
            "conversation_id",
            postgresql_where=text("author = 'customer' AND handled_at IS NULL"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    conversation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    author: Mapped[str]
    text: Mapped[str]
    client_message_id: Mapped[str | None]
    reply_to: Mapped[int | None]
    details: Mapped[Json] = mapped_column(server_default="{}")
    handled_at: Mapped[MaybeMoment]
    created_at: Mapped[Moment]
    changed_in: Mapped[ChangedIn]


class NluEvaluationRow(Base):
    """How well each engine understood a tenant's training data, and which one leads since. engines: figures of the
    cross-validation by engine. promoted: false where the version before it goes on."""

    __tablename__ = "nlu_evaluations"
    __table_args__ = (Index(None, "tenant_id", "created_at"),)

    evaluation_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    project: Mapped[str]
    version: Mapped[str]
    leader: Mapped[str]
    engines: Mapped[list[Any]]
    promoted: Mapped[bool]
    reason: Mapped[str]
    created_at: Mapped[Moment]
