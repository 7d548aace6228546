"""A reply that did not reach its customer: recorded among the conversation's events, where agents see it at once."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from components.core.errors import NotFound
from components.core.outbox import Outgoing
from components.core.tenant import TenantContext
from components.helpdesk.conversations.ownership import record_event
from components.helpdesk.conversations.store import read_conversation


def tell_agents(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, sequence: int, channel: str, reason: str
) -> None:
    """An event `undelivered` with message and reason, in the caller's transaction; nothing where the conversation is
    gone."""
    try:
        row = read_conversation(connection, tenant, conversation_id, locked=True)
    except NotFound:
        return
    details = {"sequence": sequence, "channel": channel, "reason": reason}
    record_event(connection, tenant, row, "undelivered", actor="channel", details=details)


def message_failed(connection: Connection, tenant: TenantContext, outgoing: Outgoing, reason: str) -> None:
    """What happens when a row of kind `message` is given up."""
    payload = outgoing.payload
    conversation_id = UUID(payload["conversation_id"])
    tell_agents(connection, tenant, conversation_id, payload["sequence"], payload["channel"], reason)
