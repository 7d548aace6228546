"""Tables of prompts by version and of what language models cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, ChangedIn, Key, Moment, TenantId, TenantKey


class PromptRow(Base):
    """One version of a prompt as it was saved; it is never changed, the next version is."""

    __tablename__ = "prompts"
    __table_args__ = (CheckConstraint("version > 0", name="version"),)

    tenant_id: Mapped[TenantKey]
    prompt_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    system: Mapped[str]
    user: Mapped[str]
    author: Mapped[str]
    note: Mapped[str]
    created_at: Mapped[Moment]


class PromptActivationRow(Base):
    """Which version is used: the row with a prompt's highest `sequence` says so. Version 0 is the shipped one."""

    __tablename__ = "prompt_activations"

    tenant_id: Mapped[TenantKey]
    prompt_id: Mapped[str] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]
    author: Mapped[str]
    activated_at: Mapped[Moment]


class ModelCallRow(Base):
    """One call of a language model that reached its server, and what it cost. error: a code, null where it answered.
    purpose: as components.core.model_use has it. channel, conversation_id: of the customer whom it was for, null for
    any other purpose; the conversation may be gone."""

    __tablename__ = "model_calls"
    __table_args__ = (
        Index(None, "tenant_id", "created_at"),
        Index("ix_model_calls_changed_in", "tenant_id", "changed_in"),
        CheckConstraint("(purpose = 'customer') = (channel IS NOT NULL)", name="channel"),
        CheckConstraint("conversation_id IS NULL OR purpose = 'customer'", name="conversation"),
    )

    call_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    model: Mapped[str]
    provider: Mapped[str]
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    estimated: Mapped[bool]
    cost: Mapped[Decimal]
    currency: Mapped[str]
    error: Mapped[str | None]
    seconds: Mapped[float]
    created_at: Mapped[Moment]
    purpose: Mapped[str] = mapped_column(server_default="unknown")
    channel: Mapped[str | None]
    conversation_id: Mapped[UUID | None]
    changed_in: Mapped[ChangedIn]


class ModelSpendingRow(Base):
    """model_calls summed by day (UTC) and model: what budgets are compared with."""

    __tablename__ = "model_spending"

    tenant_id: Mapped[TenantKey]
    day: Mapped[date] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger)
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[Decimal]
