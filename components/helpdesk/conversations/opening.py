"""A new conversation, stored with the replies that open it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, null

from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.conversations.conversation import Conversation, Message
from components.helpdesk.conversations.store import CONVERSATIONS, MESSAGES, conversation_of, details_json
from components.helpdesk.conversations.turn_records import NewMessage, TurnResult

# What a turn changes of a conversation.
TURN_COLUMNS = ("status", "state", "language", "handover", "versions")
_INSERT_REPLIES = insert(MESSAGES)


def store_opening(
    database: Database,
    tenant: TenantContext,
    conversation_id: UUID,
    opening: TurnResult,
    *,
    channel: str,
    customer: Mapping[str, str],
    flow_version: int,
) -> tuple[Conversation, tuple[Message, ...]]:
    """One transaction. flow_version: the conversation keeps it to its end. Raises DatabaseUnavailable."""
    now = func.clock_timestamp()
    values: dict[str, Any] = {
        "conversation_id": conversation_id,
        "tenant_id": tenant.tenant_id,
        "channel": channel,
        "customer": dict(customer),
        "flow_version": flow_version,
        "last_sequence": len(opening.replies),
        "created_at": now,
        "updated_at": now,
        **turn_values(opening),
    }
    with database.tenant(tenant) as session:
        connection = session.connection()
        row = connection.execute(insert(CONVERSATIONS).values(values).returning(CONVERSATIONS)).one()
        replies = insert_replies(connection, tenant, conversation_id, opening.replies, 1, None, row.updated_at)
    return conversation_of(row), replies


def turn_values(result: TurnResult) -> dict[str, Any]:
    """The values of TURN_COLUMNS."""
    return {
        "status": result.status,
        "state": dict(result.state),
        "language": result.language,
        "handover": null() if result.handover is None else dict(result.handover),
        "versions": dict(result.versions),
    }


def insert_replies(
    connection: Connection,
    tenant: TenantContext,
    conversation_id: UUID,
    replies: Sequence[NewMessage],
    first: int,
    reply_to: int | None,
    at: datetime,
) -> tuple[Message, ...]:
    """Stores them under the sequences from `first` on."""
    if not replies:
        return ()
    stored = [
        Message(sequence, reply.author, reply.text, at, reply_to=reply_to, details=reply.details)
        for sequence, reply in enumerate(replies, first)
    ]
    rows = [
        {
            "tenant_id": tenant.tenant_id,
            "conversation_id": conversation_id,
            "sequence": each.sequence,
            "author": each.author,
            "text": each.text,
            "reply_to": reply_to,
            "details": details_json(each.details),
            "created_at": at,
        }
        for each in stored
    ]
    connection.execute(_INSERT_REPLIES, rows)
    return tuple(stored)
