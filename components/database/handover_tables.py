"""Tables of people who help: agents, who owns which conversation, what is noted, attached and sent, how it ended."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, ChangedIn, Json, Key, MaybeMoment, Moment, TenantId, TenantKey


def _of_conversation(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "conversation_id"],
        ["conversations.tenant_id", "conversations.conversation_id"],
        name=f"fk_{table}_conversation",
        ondelete="CASCADE",
    )


class AgentRow(Base):
    """A person of the helpdesk. password: as scrypt keeps it. presence_at: when their page was last heard of;
    who has not been for a while is offline, whatever `presence` says. An agent who left is inactive, never deleted."""

    __tablename__ = "agents"
    __table_args__ = (
        UniqueConstraint("tenant_id", "agent_id"),
        UniqueConstraint("tenant_id", "email"),
        CheckConstraint(
            "role IN ('agent', 'supervisor', 'knowledge_manager', 'prompt_engineer', 'analyst')", name="role"
        ),
        CheckConstraint("presence IN ('online', 'away', 'offline')", name="presence"),
    )

    agent_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str] = mapped_column(server_default="agent")
    team: Mapped[str] = mapped_column(server_default="")
    password: Mapped[str]
    active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    presence: Mapped[str] = mapped_column(server_default="offline")
    presence_at: Mapped[MaybeMoment]
    created_at: Mapped[Moment]


class ConversationEventRow(Base):
    """One change of a conversation's owner or state; never changed. request_id: the caller's own id, so that the same
    wish sent twice is one change."""

    __tablename__ = "conversation_events"
    __table_args__ = (
        Index("ix_conversation_events_changed_in", "tenant_id", "changed_in"),
        _of_conversation("conversation_events"),
        UniqueConstraint("tenant_id", "conversation_id", "request_id", name="uq_conversation_events_request_id"),
        Index(None, "tenant_id", "at"),
    )

    tenant_id: Mapped[TenantKey]
    conversation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    actor: Mapped[str]
    agent_id: Mapped[UUID | None] = mapped_column(Uuid)
    status_before: Mapped[str]
    status_after: Mapped[str]
    details: Mapped[Json] = mapped_column(server_default="{}")
    request_id: Mapped[str | None]
    at: Mapped[Moment]
    changed_in: Mapped[ChangedIn]


class InternalNoteRow(Base):
    """What agents tell each other about a conversation; no customer ever sees it."""

    __tablename__ = "internal_notes"
    __table_args__ = (
        _of_conversation("internal_notes"),
        UniqueConstraint("tenant_id", "conversation_id", "client_note_id", name="uq_internal_notes_client_note_id"),
        Index(None, "tenant_id", "conversation_id"),
    )

    note_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    conversation_id: Mapped[UUID]
    agent_id: Mapped[UUID]
    text: Mapped[str]
    client_note_id: Mapped[str]
    created_at: Mapped[Moment]


class CannedAnswerRow(Base):
    """A text that agents insert by its name."""

    __tablename__ = "canned_answers"

    tenant_id: Mapped[TenantKey]
    name: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]
    updated_at: Mapped[Moment]


class AttachmentRow(Base):
    """A file that a customer or an agent has sent; its bytes are in the tenant's folder, by its id. media_type: as its
    content says, not its name. sequence: of the message that carries it, null until it is sent."""

    __tablename__ = "attachments"
    __table_args__ = (
        _of_conversation("attachments"),
        CheckConstraint("author IN ('customer', 'agent')", name="author"),
        Index(None, "tenant_id", "conversation_id"),
    )

    attachment_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    conversation_id: Mapped[UUID]
    author: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    checksum: Mapped[str]
    sequence: Mapped[int | None]
    created_at: Mapped[Moment]


class OutboxRow(Base):
    """Something to be sent out, written in the transaction that decided it. key: its idempotency key. lane: what must
    go out in order; only the first open row of a lane is tried. position: order. leased_until: while one process is at
    it. failed_at: given up, with the reason."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        Index(
            "ix_outbox_open",
            "tenant_id",
            "lane",
            "position",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
    )

    outbox_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    position: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    key: Mapped[str]
    lane: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[Json]
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[Moment]
    leased_by: Mapped[UUID | None] = mapped_column(Uuid)
    leased_until: Mapped[MaybeMoment]
    sent_at: Mapped[MaybeMoment]
    failed_at: Mapped[MaybeMoment]
    last_error: Mapped[str | None]
    result: Mapped[Json | None]
    created_at: Mapped[Moment]


class OutcomeRow(Base):
    """How a conversation went: the one definition that every figure is counted from. seconds are wall-clock time."""

    __tablename__ = "conversation_outcomes"
    __table_args__ = (
        Index("ix_conversation_outcomes_changed_in", "tenant_id", "changed_in"),
        _of_conversation("conversation_outcomes"),
        CheckConstraint("result IN ('open', 'contained', 'verified', 'handed_over', 'abandoned')", name="result"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index(None, "tenant_id", "ended_at"),
        Index(
            "ix_conversation_outcomes_unsettled",
            "tenant_id",
            "ended_at",
            postgresql_where=text("NOT details ? 'settled'"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    conversation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    result: Mapped[str] = mapped_column(server_default="open")
    handover_reason: Mapped[str | None]
    handovers: Mapped[int] = mapped_column(server_default="0")
    wait_seconds: Mapped[float | None]
    first_response_seconds: Mapped[float | None]
    resolution_seconds: Mapped[float | None]
    rating: Mapped[int | None] = mapped_column(SmallInteger)
    comment: Mapped[str | None]
    details: Mapped[Json] = mapped_column(server_default="{}")
    started_at: Mapped[Moment]
    ended_at: Mapped[MaybeMoment]
    updated_at: Mapped[Moment]
    changed_in: Mapped[ChangedIn]
