"""Conversations as whoever watches them reads them: what is new, where each stands, and which ones people hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, select, tuple_

from components.core.errors import NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AgentRow
from components.helpdesk.conversations.conversation import Conversation, Message, Priority, Status
from components.helpdesk.conversations.store import (
    CONVERSATIONS,
    OF_CONVERSATION,
    conversation_of,
    keys,
    read_messages,
)
from components.helpdesk.handover.urgency import ORDER, urgency_of

MOST_MESSAGES = 200

_AGENTS = AgentRow.metadata.tables[AgentRow.__tablename__]
_OF_AGENT = and_(_AGENTS.c.tenant_id == CONVERSATIONS.c.tenant_id, _AGENTS.c.agent_id == CONVERSATIONS.c.agent_id)
_READ = select(CONVERSATIONS, _AGENTS.c.name.label("agent_name")).outerjoin(_AGENTS, _OF_AGENT).where(OF_CONVERSATION)
# Whatever of a conversation is shown changes one of these.
_MARKED = ("last_sequence", "changes", "status", "agent_id", "team", "priority", "customer_read", "agent_read")
_MARKS = select(CONVERSATIONS.c.conversation_id, *(CONVERSATIONS.c[name] for name in _MARKED))
_HELD = select(
    *(CONVERSATIONS.c[name] for name in ("conversation_id", "status", "agent_id", "team", "priority", "waiting_since"))
).order_by(*ORDER)

Mark = tuple[Any, ...]


@dataclass(frozen=True)
class Standing:
    """A conversation at one moment. agent: the name of its agent_id. position: in its team's queue, from 1, while it
    waits. messages: those after the reader's last one, in order, up to conversation.last_sequence or as many as were
    asked for. mark: differs once anything of it has changed."""

    conversation: Conversation
    agent: str | None
    position: int | None
    messages: tuple[Message, ...]
    mark: Mark


@dataclass(frozen=True)
class Held:
    """A conversation that waits for an agent or has one. position: as in Standing."""

    conversation_id: UUID
    status: Status
    agent_id: UUID | None
    team: str
    priority: Priority
    waiting_since: datetime | None
    position: int | None


@dataclass(frozen=True)
class Survey:
    """All that a tenant's agents hold or have waiting, by conversation, in the queue's order; and the marks of those
    conversations that were asked for, without those that are gone."""

    held: Mapping[UUID, Held]
    marks: Mapping[UUID, Mark]


class Watching:
    """Each method reads in one transaction and raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(
        self, tenant: TenantContext, conversation_id: UUID, *, after: int | None, limit: int = MOST_MESSAGES
    ) -> Standing:
        """after: the last sequence that the reader has; None for no messages. Raises NotFound."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            row = connection.execute(_READ, keys(tenant, conversation_id)).one_or_none()
            if row is None:
                raise NotFound(f"no conversation has the id {conversation_id}", field="session_id")
            position = connection.execute(_ahead(tenant, row)).scalar_one() + 1 if row.status == "waiting" else None
            messages: tuple[Message, ...] = ()
            if after is not None and after < row.last_sequence:
                found = read_messages(connection, tenant, conversation_id, after=after, limit=limit)
                # What was stored since has a change of its own, and the state must not lag behind the messages.
                messages = tuple(each for each in found if each.sequence <= row.last_sequence)
        return Standing(conversation_of(row), row.agent_name, position, messages, _mark(row))

    def survey(self, tenant: TenantContext, watched: Collection[UUID]) -> Survey:
        """watched: conversations whose marks are wanted."""
        of_tenant = CONVERSATIONS.c.tenant_id == tenant.tenant_id
        held: dict[UUID, Held] = {}
        behind: Counter[str] = Counter()
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            query = _HELD.where(of_tenant, CONVERSATIONS.c.status.in_(("waiting", "agent")))
            for row in connection.execute(query):
                waits = row.status == "waiting"
                behind[row.team] += waits
                position = behind[row.team] if waits else None
                held[row.conversation_id] = Held(**row._mapping, position=position)
            marks = connection.execute(_MARKS.where(of_tenant, CONVERSATIONS.c.conversation_id.in_(watched)))
            return Survey(held, {row.conversation_id: _mark(row) for row in marks})

    def handover(self, tenant: TenantContext, conversation_id: UUID) -> tuple[Status, Mapping[str, Any] | None]:
        """The state, and what a person needs to take over. Raises NotFound."""
        standing = self.read(tenant, conversation_id, after=None)
        return standing.conversation.status, standing.conversation.handover


def _ahead(tenant: TenantContext, row: Row[Any]) -> Any:
    """How many wait before this one in its queue."""
    urgency = urgency_of(row.priority, row.customer)
    return select(func.count()).where(
        CONVERSATIONS.c.tenant_id == tenant.tenant_id,
        CONVERSATIONS.c.status == "waiting",
        CONVERSATIONS.c.team == row.team,
        tuple_(*ORDER) < tuple_(urgency, row.waiting_since, row.conversation_id),
    )


def _mark(row: Row[Any]) -> Mark:
    return tuple(getattr(row, name) for name in _MARKED)
