"""Tickets that a conversation needs when nobody can answer it now, and the Protocol of whoever keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from components.core.tenant import TenantContext


@dataclass(frozen=True)
class TicketRequest:
    """A ticket to be made once. key: its idempotency key, at most 500 characters. priority: low, normal, high or
    urgent. subject, description: for those who work on it."""

    conversation_id: UUID
    subject: str
    description: str
    priority: str
    key: str


class TicketOffice(Protocol):
    """Keeps tickets. Thread-safe; each call is a transaction of its own."""

    def create(self, tenant: TenantContext, request: TicketRequest, *, deadline: float) -> int:
        """The ticket's number, as customers are told it; that of the same ticket where its key has made one before.
        deadline: seconds. Raises InvalidInput, Unavailable."""
        ...

    def reopen(self, tenant: TenantContext, conversation_id: UUID) -> int | None:
        """Opens the conversation's newest ticket again; its number, None where there is none. Raises Unavailable."""
        ...
