"""One conversation as an agent opens it: what was said, why it was handed over, and who the customer is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, or_, select

from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AgentRow, TicketRow
from components.helpdesk.conversations.conversation import Conversation, Message, Status
from components.helpdesk.conversations.ownership import Change, read_changes
from components.helpdesk.conversations.store import (
    CONVERSATIONS,
    conversation_of,
    read_conversation,
    read_last_messages,
)
from components.helpdesk.handover.queue import read_position

MOST_MESSAGES = 100
MOST_EARLIER = 10
MOST_TICKETS = 20
# What tells one customer from another; a name does not.
IDENTIFYING = ("id", "email", "phone", "address", "slack_user")
_PAST_THE_END = 2**31 - 1

_AGENTS = AgentRow.metadata.tables[AgentRow.__tablename__]
_TICKETS = TicketRow.metadata.tables[TicketRow.__tablename__]


@dataclass(frozen=True)
class EarlierConversation:
    """Another conversation of the same customer."""

    conversation_id: UUID
    status: Status
    channel: str
    created_at: datetime
    updated_at: datetime
    summary: str


@dataclass(frozen=True)
class TicketLine:
    """A ticket of this customer's. number: as the customer was told it."""

    ticket_id: UUID
    number: int | None
    subject: str | None
    status: str | None
    priority: str | None
    conversation_id: UUID | None


@dataclass(frozen=True)
class Dossier:
    """messages: the last ones, in order; there are earlier ones where the first one's sequence is past 1. agents: names
    of those whom changes and messages speak of, by id. earlier: where the customer is known by more than a name."""

    conversation: Conversation
    position: int | None
    messages: tuple[Message, ...]
    changes: tuple[Change, ...]
    agents: dict[UUID, str]
    earlier: tuple[EarlierConversation, ...]
    tickets: tuple[TicketLine, ...]


class Dossiers:
    """Every method raises NotFound for a conversation that the tenant does not have, DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: TenantContext, conversation_id: UUID) -> Dossier:
        """All of it, as it stands now."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            row = read_conversation(connection, tenant, conversation_id)
            earlier = _earlier(connection, tenant, row)
            of_customer = [conversation_id, *(each.conversation_id for each in earlier)]
            return Dossier(
                conversation=conversation_of(row),
                position=read_position(connection, tenant, conversation_id),
                messages=read_last_messages(connection, tenant, conversation_id, _PAST_THE_END, MOST_MESSAGES),
                changes=read_changes(connection, tenant, conversation_id),
                agents=_names(connection, tenant),
                earlier=earlier,
                tickets=_tickets(connection, tenant, of_customer),
            )

    def messages_before(self, tenant: TenantContext, conversation_id: UUID, before: int) -> tuple[Message, ...]:
        """The last MOST_MESSAGES with a lower sequence than `before`, in order."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            read_conversation(connection, tenant, conversation_id)
            return read_last_messages(connection, tenant, conversation_id, before, MOST_MESSAGES)


def _earlier(connection: Connection, tenant: TenantContext, row: Row[Any]) -> tuple[EarlierConversation, ...]:
    known = {name: row.customer[name] for name in IDENTIFYING if row.customer.get(name)}
    if not known:
        return ()
    query = (
        select(CONVERSATIONS)
        .where(
            CONVERSATIONS.c.tenant_id == tenant.tenant_id,
            CONVERSATIONS.c.conversation_id != row.conversation_id,
            or_(*(CONVERSATIONS.c.customer[name].astext == value for name, value in known.items())),
        )
        .order_by(CONVERSATIONS.c.updated_at.desc())
        .limit(MOST_EARLIER)
    )
    return tuple(
        EarlierConversation(
            each.conversation_id,
            each.status,
            each.channel,
            each.created_at,
            each.updated_at,
            (each.handover or {}).get("summary", ""),
        )
        for each in connection.execute(query)
    )


def _names(connection: Connection, tenant: TenantContext) -> dict[UUID, str]:
    """Also of those who have left."""
    query = select(_AGENTS.c.agent_id, _AGENTS.c.name).where(_AGENTS.c.tenant_id == tenant.tenant_id)
    return {row.agent_id: row.name for row in connection.execute(query)}


def _tickets(connection: Connection, tenant: TenantContext, conversation_ids: Sequence[UUID]) -> tuple[TicketLine, ...]:
    query = (
        select(_TICKETS)
        .where(_TICKETS.c.tenant_id == tenant.tenant_id, _TICKETS.c.session_id.in_(conversation_ids))
        .order_by(_TICKETS.c.number.desc().nulls_last())
        .limit(MOST_TICKETS)
    )
    return tuple(
        TicketLine(row.ticket_id, row.number, row.subject, row.status, row.priority, row.session_id)
        for row in connection.execute(query)
    )
