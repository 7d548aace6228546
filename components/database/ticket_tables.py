"""Tables of tickets: how each stands, the events that made it so, and the numbers they are told by."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import TIMESTAMP, BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, Uuid, func
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, ChangedIn, Json, Key, MaybeMoment, Moment, TenantId, TenantKey


class TicketRow(Base):
    """A case for a person, section 8.2 of the design: what its events come to.

    number: counts up for each tenant, as customers are told it. assigned_to: an agent's id. order_key: of the wish that
    made it, so that the same one makes no second ticket. first_response_minutes, resolution_minutes: its targets, of
    business hours; *_due: when they would be missed, if its clocks went on. paused_since: since when they stand still;
    paused_seconds: business hours that they stood still before. version: the number of its last event. search_text:
    what it is found by. Times without a zone are UTC, as the design has them.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_changed_in", "tenant_id", "changed_in"),
        UniqueConstraint("tenant_id", "number"),
        UniqueConstraint("tenant_id", "order_key"),
        UniqueConstraint("tenant_id", "ticket_id"),
        CheckConstraint("status IN ('open', 'pending', 'resolved', 'closed')", name="status"),
        CheckConstraint("priority IN ('low', 'normal', 'high', 'urgent')", name="priority"),
        Index(None, "tenant_id", "status", "number"),
        Index(None, "tenant_id", "session_id"),
        Index(None, "tenant_id", "requester_email"),
    )

    ticket_id: Mapped[Key]
    tenant_id: Mapped[TenantId] = mapped_column(index=True)
    session_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(server_default="open")
    priority: Mapped[str] = mapped_column(server_default="normal")
    assigned_to: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=False), server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=False), server_default=func.now())
    number: Mapped[int] = mapped_column(BigInteger)
    subject: Mapped[str] = mapped_column(server_default="")
    details: Mapped[Json] = mapped_column(server_default="{}")
    order_key: Mapped[str | None]
    description: Mapped[str] = mapped_column(server_default="")
    channel: Mapped[str] = mapped_column(server_default="")
    requester_name: Mapped[str] = mapped_column(server_default="")
    requester_email: Mapped[str] = mapped_column(server_default="")
    requester_phone: Mapped[str] = mapped_column(server_default="")
    team: Mapped[str] = mapped_column(server_default="")
    tags: Mapped[list[str]] = mapped_column(server_default="{}")
    first_response_minutes: Mapped[float | None]
    first_response_due: Mapped[MaybeMoment]
    first_response_at: Mapped[MaybeMoment]
    resolution_minutes: Mapped[float | None]
    resolution_due: Mapped[MaybeMoment]
    resolved_at: Mapped[MaybeMoment]
    closed_at: Mapped[MaybeMoment]
    paused_since: Mapped[MaybeMoment]
    paused_seconds: Mapped[float] = mapped_column(server_default="0")
    merged_into: Mapped[UUID | None] = mapped_column(Uuid)
    version: Mapped[int] = mapped_column(server_default="1")
    search_text: Mapped[str] = mapped_column(server_default="")
    changed_in: Mapped[ChangedIn]


class TicketEventRow(Base):
    """One change of a ticket; never changed itself. changes: the fields that it set, as JSON values. details: what else
    there is to it, such as a comment. request_key: of the wish that made it, so that the same one is done once."""

    __tablename__ = "ticket_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "ticket_id"],
            ["tickets.tenant_id", "tickets.ticket_id"],
            name="fk_ticket_events_ticket",
            ondelete="CASCADE",
        ),
        UniqueConstraint("tenant_id", "request_key"),
        Index(None, "tenant_id", "at"),
    )

    tenant_id: Mapped[TenantKey]
    ticket_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    actor: Mapped[str]
    actor_id: Mapped[UUID | None] = mapped_column(Uuid)
    actor_name: Mapped[str] = mapped_column(server_default="")
    changes: Mapped[Json] = mapped_column(server_default="{}")
    details: Mapped[Json] = mapped_column(server_default="{}")
    request_key: Mapped[str | None]
    at: Mapped[Moment]


class TicketNumberRow(Base):
    """The last number that a ticket of the tenant was given."""

    __tablename__ = "ticket_numbers"

    tenant_id: Mapped[TenantKey]
    last_number: Mapped[int]
