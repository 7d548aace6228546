"""Messages that the helpdesk and its agents write: stored under the next sequences, and queued for their channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert

from components.core.tenant import TenantContext
from components.database.tables import OutboxRow
from components.helpdesk.conversations.attached import bind_attachments
from components.helpdesk.conversations.conversation import Message
from components.helpdesk.conversations.store import MESSAGES, client_id_stored, details_json
from components.helpdesk.conversations.turn_records import NewMessage

# Its page reads messages where they are stored; every other channel has them brought.
WEB = "web"
DELIVERY = "message"

_INSERT = insert(MESSAGES)
_QUEUE = insert(OutboxRow)


def insert_messages(
    connection: Connection,
    tenant: TenantContext,
    conversation_id: UUID,
    new: Sequence[NewMessage],
    *,
    first: int,
    at: datetime,
    channel: str,
    reply_to: int | None = None,
    client_message_id: str | None = None,
) -> tuple[Message, ...]:
    """Stores them under the sequences from `first` on, the conversation's row being locked. channel: the
    conversation's. client_message_id: the agent's own id of the one message there is."""
    if not new:
        return ()
    stored = tuple(
        Message(sequence, each.author, each.text, at, client_message_id, reply_to, details=each.details)
        for sequence, each in enumerate(new, first)
    )
    connection.execute(_INSERT, [_row(tenant, conversation_id, each) for each in stored])
    for message in stored:
        bind_attachments(connection, tenant, conversation_id, message)
    if channel != WEB:
        connection.execute(_QUEUE, [_delivery(tenant, conversation_id, channel, each) for each in stored])
    return stored


def _row(tenant: TenantContext, conversation_id: UUID, message: Message) -> dict[str, Any]:
    return {
        "tenant_id": tenant.tenant_id,
        "conversation_id": conversation_id,
        "sequence": message.sequence,
        "author": message.author,
        "text": message.text,
        "reply_to": message.reply_to,
        "client_message_id": client_id_stored(message.author, message.client_message_id),
        "details": details_json(message.details),
        "created_at": message.created_at,
    }


def _delivery(tenant: TenantContext, conversation_id: UUID, channel: str, message: Message) -> dict[str, Any]:
    """One lane a conversation: what is said first arrives first."""
    return {
        "outbox_id": uuid4(),
        "tenant_id": tenant.tenant_id,
        "key": f"message/{conversation_id}/{message.sequence}",
        "lane": f"conversation/{conversation_id}",
        "kind": DELIVERY,
        "payload": {"conversation_id": str(conversation_id), "sequence": message.sequence, "channel": channel},
    }
