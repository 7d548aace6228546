"""Conversations as channels, pages and agents read them; each tenant sees its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select

from components.core.errors import InvalidInput
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.conversations.conversation import Conversation, Message, Status
from components.helpdesk.conversations.store import (
    CONVERSATIONS,
    conversation_of,
    is_waiting,
    read_conversation,
    read_messages,
)

MOST_MESSAGES = 500
MOST_CONVERSATIONS = 500


class Conversations:
    """Reads what turns have stored. Every method raises DatabaseUnavailable, and NotFound for a conversation that
    this tenant does not have."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: TenantContext, conversation_id: UUID) -> Conversation:
        """Where it stands after its last stored turn."""
        with self._database.tenant(tenant) as session:
            return conversation_of(read_conversation(session.connection(), tenant, conversation_id))

    def channel(self, tenant: TenantContext, conversation_id: UUID) -> str | None:
        """Of a conversation; None for one that is gone."""
        query = select(CONVERSATIONS.c.channel).where(
            CONVERSATIONS.c.tenant_id == tenant.tenant_id, CONVERSATIONS.c.conversation_id == conversation_id
        )
        with self._database.tenant(tenant) as session:
            found: str | None = session.connection().scalar(query)
            return found

    def customers(self, tenant: TenantContext, conversations: Collection[UUID]) -> Mapping[UUID, Mapping[str, str]]:
        """What is known of whoever speaks in each of these; none for one that is gone."""
        if not conversations:
            return {}
        query = select(CONVERSATIONS.c.conversation_id, CONVERSATIONS.c.customer).where(
            CONVERSATIONS.c.tenant_id == tenant.tenant_id, CONVERSATIONS.c.conversation_id.in_(set(conversations))
        )
        with self._database.tenant(tenant) as session:
            return {row.conversation_id: row.customer for row in session.connection().execute(query)}

    def messages(
        self, tenant: TenantContext, conversation_id: UUID, *, after: int = 0, limit: int = MOST_MESSAGES
    ) -> tuple[Message, ...]:
        """Those with a higher sequence than `after`, in order: `limit` at most, 1 to 500."""
        return self.read(tenant, conversation_id, after=after, limit=limit)[1]

    def read(
        self, tenant: TenantContext, conversation_id: UUID, *, after: int = 0, limit: int = MOST_MESSAGES
    ) -> tuple[Conversation, tuple[Message, ...], bool]:
        """The conversation, its messages as `messages` gives them, and whether a customer's message still waits for
        its turn."""
        if after < 0:
            raise InvalidInput(f"after={after}: 0 or the sequence of a message is allowed", field="after")
        limit = _checked(limit, MOST_MESSAGES)
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            # In this order: a turn that is stored meanwhile sends the reader here again, and is never overlooked.
            pending = is_waiting(connection, tenant, conversation_id)
            messages = read_messages(connection, tenant, conversation_id, after=after, limit=limit)
            return conversation_of(read_conversation(connection, tenant, conversation_id)), messages, pending

    def list(self, tenant: TenantContext, status: Status | None = None, limit: int = 100) -> tuple[Conversation, ...]:
        """Those changed last come first; status: only those that have it. limit: 1 to 500."""
        query = select(CONVERSATIONS).where(CONVERSATIONS.c.tenant_id == tenant.tenant_id)
        if status is not None:
            query = query.where(CONVERSATIONS.c.status == status)
        query = query.order_by(CONVERSATIONS.c.updated_at.desc()).limit(_checked(limit, MOST_CONVERSATIONS))
        with self._database.tenant(tenant) as session:
            return tuple(conversation_of(row) for row in session.connection().execute(query))


def _checked(limit: int, most: int) -> int:
    if not 1 <= limit <= most:
        raise InvalidInput(f"limit={limit}: 1 to {most} are allowed", field="limit")
    return limit
