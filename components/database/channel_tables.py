"""Tables of the channels: what customers wrote elsewhere, which conversation it goes to, and what became of replies."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, Json, MaybeMoment, Moment, TenantKey


def _of_conversation(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", "conversation_id"],
        ["conversations.tenant_id", "conversations.conversation_id"],
        name=f"fk_{table}_conversation",
        ondelete="CASCADE",
    )


class InboundMessageRow(Base):
    """A customer's message as its provider brought it, once. outcome: null until it is dealt with."""

    __tablename__ = "inbound_messages"
    __table_args__ = (Index(None, "tenant_id", "channel", "thread", "received_at"),)

    tenant_id: Mapped[TenantKey]
    channel: Mapped[str] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(primary_key=True)
    thread: Mapped[str]
    payload: Mapped[Json]
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
    conversation_id: Mapped[UUID | None] = mapped_column(Uuid)
    received_at: Mapped[Moment]
    handled_at: Mapped[MaybeMoment]


class ChannelThreadRow(Base):
    """Which conversation a thread of a channel has; ended_at: since when it has another one. address: where replies
    go. opted_out_at: since when the customer wants none."""

    __tablename__ = "channel_threads"
    __table_args__ = (
        _of_conversation("channel_threads"),
        Index(
            "uq_channel_threads_open",
            "tenant_id",
            "channel",
            "thread",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    conversation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    channel: Mapped[str]
    thread: Mapped[str]
    address: Mapped[Json]
    opted_out_at: Mapped[MaybeMoment]
    started_at: Mapped[Moment]
    ended_at: Mapped[MaybeMoment]


class DeliveryRow(Base):
    """One part of a message on its way. begun_at: of the attempt that may have reached the provider. sent_at: since
    when the provider has it, as provider_id."""

    __tablename__ = "deliveries"
    __table_args__ = (
        _of_conversation("deliveries"),
        Index(None, "tenant_id", "channel", "provider_id"),
    )

    tenant_id: Mapped[TenantKey]
    conversation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str]
    provider_id: Mapped[str | None]
    begun_at: Mapped[MaybeMoment]
    sent_at: Mapped[MaybeMoment]


class ReceiptRow(Base):
    """What a provider says became of a part; it may come before the part is known to be sent. key: the part's."""

    __tablename__ = "receipts"
    __table_args__ = (Index(None, "tenant_id", "channel", "key"),)

    tenant_id: Mapped[TenantKey]
    channel: Mapped[str] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str | None]
    reason: Mapped[str | None]
    at: Mapped[Moment]


class ChannelStateRow(Base):
    """How a tenant's channel stands, for all processes. paced_until: by when what was sent so far is within the
    provider's rate. blocked_until: the provider asks to be left alone. cursor: of a mailbox, what was read. problem:
    why it could not be read last time. leased_by, leased_until: who reads it."""

    __tablename__ = "channel_states"

    tenant_id: Mapped[TenantKey]
    channel: Mapped[str] = mapped_column(primary_key=True)
    paced_until: Mapped[MaybeMoment]
    blocked_until: Mapped[MaybeMoment]
    cursor: Mapped[Json] = mapped_column(server_default="{}")
    problem: Mapped[str | None]
    polled_at: Mapped[MaybeMoment]
    leased_by: Mapped[UUID | None] = mapped_column(Uuid)
    leased_until: Mapped[MaybeMoment]
