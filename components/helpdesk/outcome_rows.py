"""The stored outcomes of conversations, kept up to date in the transactions that change what they tell of."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, exists, func, insert, select, update

from components.core.tenant import TenantContext
from components.database.tables import OutcomeRow
from components.helpdesk.conversations.changes import Change, read_changes
from components.helpdesk.conversations.store import MESSAGES, OF_MESSAGES, keys, message_of
from components.helpdesk.outcome_rules import Outcome, agent_said, changed, retold

OUTCOMES = OutcomeRow.metadata.tables[OutcomeRow.__tablename__]
_COLUMNS = (
    "handover_reason",
    "handovers",
    "wait_seconds",
    "first_response_seconds",
    "resolution_seconds",
    "rating",
    "comment",
    "started_at",
    "ended_at",
)
_MOMENTS = ("asked_at", "waiting_since")


def begin_outcome(connection: Connection, tenant: TenantContext, conversation: Row[Any]) -> None:
    """The record of a conversation that has just been stored."""
    store_outcome(connection, tenant, conversation.conversation_id, Outcome(conversation.created_at), known=False)


def follow_change(connection: Connection, tenant: TenantContext, conversation: Row[Any], change: Change) -> None:
    """Once the change is recorded; conversation: its row, locked."""
    found = find_outcome(connection, tenant, conversation.conversation_id)
    outcome = retell(connection, tenant, conversation) if found is None else changed(found, change)
    store_outcome(connection, tenant, conversation.conversation_id, outcome, known=found is not None)


def follow_agent(connection: Connection, tenant: TenantContext, conversation: Row[Any], at: datetime) -> None:
    """Once an agent's message is stored; conversation: its row, locked."""
    found = find_outcome(connection, tenant, conversation.conversation_id)
    outcome = retell(connection, tenant, conversation) if found is None else agent_said(found, at)
    if outcome != found:
        store_outcome(connection, tenant, conversation.conversation_id, outcome, known=found is not None)


def retell(connection: Connection, tenant: TenantContext, conversation: Row[Any]) -> Outcome:
    """From events and messages, without what ratings and the clock add."""
    of_it = keys(tenant, conversation.conversation_id)
    rows = connection.execute(select(MESSAGES).where(OF_MESSAGES).order_by(MESSAGES.c.sequence), of_it)
    changes = read_changes(connection, tenant, conversation.conversation_id)
    return retold(conversation.created_at, changes, [message_of(row) for row in rows])


def has_answered_yet(connection: Connection, tenant: TenantContext, conversation_id: UUID) -> bool:
    """What outcome_rules.has_answered tells of all messages so far."""
    reply = exists().where(OF_MESSAGES, MESSAGES.c.author == "bot", MESSAGES.c.reply_to.is_not(None))
    return bool(connection.execute(select(reply), keys(tenant, conversation_id)).scalar_one())


def find_outcome(connection: Connection, tenant: TenantContext, conversation_id: UUID) -> Outcome | None:
    """As it is stored; None for a conversation that has none yet: it is older than outcomes are."""
    row = connection.execute(select(OUTCOMES).where(*_of(tenant, conversation_id))).one_or_none()
    return None if row is None else outcome_of(row)


def store_outcome(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, outcome: Outcome, *, known: bool
) -> None:
    """known: whether there is a record already."""
    values = {name: getattr(outcome, name) for name in _COLUMNS}
    values |= {"result": outcome.result, "details": _details(outcome), "updated_at": func.clock_timestamp()}
    if known:
        connection.execute(update(OUTCOMES).where(*_of(tenant, conversation_id)).values(values))
        return
    values |= {"tenant_id": tenant.tenant_id, "conversation_id": conversation_id}
    connection.execute(insert(OUTCOMES).values(values))


def outcome_of(row: Row[Any]) -> Outcome:
    """row: all columns of `conversation_outcomes`."""
    told: dict[str, Any] = {name: value for name, value in row.details.items() if name not in _DERIVED}
    told |= {name: datetime.fromisoformat(told[name]) for name in _MOMENTS if name in told}
    return Outcome(**{name: getattr(row, name) for name in _COLUMNS}, **told)


# Told beside what it is made of, for those who count.
_DERIVED = ("verified",)


def _details(outcome: Outcome) -> dict[str, Any]:
    """JSON values of what has no column; what is empty is left out."""
    told = {name: value for name, value in asdict(outcome).items() if name not in _COLUMNS and value}
    told |= {name: told[name].isoformat() for name in _MOMENTS if name in told}
    return told | ({"verified": True} if outcome.verified else {})


def _of(tenant: TenantContext, conversation_id: UUID) -> tuple[Any, ...]:
    return OUTCOMES.c.tenant_id == tenant.tenant_id, OUTCOMES.c.conversation_id == conversation_id
