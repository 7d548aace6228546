"""A new conversation, stored with the replies that open it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, null

from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.conversations.conversation import Conversation, Message
from components.helpdesk.conversations.ownership import change, kind_of_turn
from components.helpdesk.conversations.store import CONVERSATIONS, conversation_of
from components.helpdesk.conversations.storing import insert_messages
from components.helpdesk.conversations.turn_records import TurnResult
from components.helpdesk.outcome_rows import begin_outcome

OnStored = Callable[[Connection, UUID], None]
# What a turn changes of a conversation, beside its status.
TURN_COLUMNS = ("state", "language", "handover", "versions")


def do_nothing(_connection: Connection, _conversation_id: UUID) -> None:
    """For conversations that nothing else is stored with."""


def store_opening(
    database: Database,
    tenant: TenantContext,
    conversation_id: UUID,
    opening: TurnResult,
    *,
    channel: str,
    customer: Mapping[str, str],
    flow_version: int,
    on_stored: OnStored = do_nothing,
) -> tuple[Conversation, tuple[Message, ...]]:
    """One transaction. flow_version: the conversation keeps it to its end. on_stored: called in it with the new
    conversation's id. Raises DatabaseUnavailable."""
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
        begin_outcome(connection, tenant, row)
        row = move_on(connection, tenant, row, opening)
        on_stored(connection, conversation_id)
        replies = insert_messages(
            connection, tenant, conversation_id, opening.replies, first=1, at=row.updated_at, channel=channel
        )
    return conversation_of(row), replies


def turn_values(result: TurnResult) -> dict[str, Any]:
    """The values of TURN_COLUMNS."""
    return {
        "state": dict(result.state),
        "language": result.language,
        "handover": null() if result.handover is None else dict(result.handover),
        "versions": dict(result.versions),
    }


def move_on(connection: Connection, tenant: TenantContext, stood: Row[Any], result: TurnResult) -> Row[Any]:
    """The row, locked, once the turn has changed whose conversation it is, where it has. Raises Conflict."""
    if result.status == stood.status:
        return stood
    kind = kind_of_turn(stood.status, result.status)
    asked = result.handover or {}
    return change(
        connection,
        tenant,
        stood,
        kind,
        actor="bot" if kind == "request" else "customer",
        priority=asked.get("priority") if kind == "request" else None,
        details={name: asked[name] for name in ("reason", "node") if name in asked},
    )
