"""What has happened to a conversation's ownership, as it is recorded: one event a change, never changed itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Row, insert, select

from components.core.errors import Conflict
from components.core.tenant import TenantContext
from components.database.tables import ConversationEventRow
from components.helpdesk.conversations.conversation import Status

Actor = Literal["customer", "bot", "agent", "timer", "channel"]
ChangeKind = Literal[
    "request",
    "withdraw",
    "claim",
    "release",
    "transfer",
    "silence",
    "give_back",
    "resolve",
    "reopen",
    "restart",
    "expire",
]
# What is recorded beside the changes, and changes nothing. undelivered: a reply did not reach the customer.
EventKind = ChangeKind | Literal["undelivered"]
EVENTS = ConversationEventRow.metadata.tables[ConversationEventRow.__tablename__]


@dataclass(frozen=True)
class Change:
    """One change as it is recorded. agent_id: who did it, where an agent did."""

    number: int
    kind: EventKind
    actor: Actor
    agent_id: UUID | None
    status_before: Status
    status_after: Status
    details: Mapping[str, Any]
    at: datetime


def record_change(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, made: Change, request_id: str | None = None
) -> None:
    """Stores it, in the caller's transaction; its number is the row's `changes`."""
    connection.execute(
        insert(EVENTS).values(
            tenant_id=tenant.tenant_id,
            conversation_id=conversation_id,
            request_id=request_id,
            **{field.name: getattr(made, field.name) for field in fields(made)},
        )
    )


def is_known_request(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, kind: ChangeKind, request_id: str
) -> bool:
    """Whether this very wish was carried out before. Raises Conflict where the id was another wish's."""
    query = select(EVENTS.c.kind).where(
        EVENTS.c.tenant_id == tenant.tenant_id,
        EVENTS.c.conversation_id == conversation_id,
        EVENTS.c.request_id == request_id,
    )
    known = connection.execute(query).scalar_one_or_none()
    if known is not None and known != kind:
        raise Conflict(f"request_id={request_id!r} was given to {known} before: a new wish needs a new one")
    return known is not None


def read_changes(connection: Connection, tenant: TenantContext, conversation_id: UUID) -> tuple[Change, ...]:
    """All of a conversation's, in order."""
    query = (
        select(EVENTS)
        .where(EVENTS.c.tenant_id == tenant.tenant_id, EVENTS.c.conversation_id == conversation_id)
        .order_by(EVENTS.c.number)
    )
    return tuple(_change(row) for row in connection.execute(query))


def find_last_change(connection: Connection, tenant: TenantContext, conversation_id: UUID) -> Change | None:
    """How it came to the state that it is in; None where it has only been opened."""
    query = (
        select(EVENTS)
        .where(
            EVENTS.c.tenant_id == tenant.tenant_id,
            EVENTS.c.conversation_id == conversation_id,
            EVENTS.c.status_before != EVENTS.c.status_after,
        )
        .order_by(EVENTS.c.number.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _change(row)


def _change(row: Row[Any]) -> Change:
    return Change(**{field.name: getattr(row, field.name) for field in fields(Change)})
