"""One conversation as it was said, read where it is kept, by a reader of its tenant."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.conversations.conversation import Conversation, Message
from components.helpdesk.conversations.conversations import MOST_MESSAGES, Conversations


@dataclass(frozen=True)
class Transcript:
    """messages: the first after the one that was asked for. more: whether there are further ones, after the last."""

    conversation: Conversation
    messages: tuple[Message, ...]
    more: bool


def transcript(database: Database, tenant: TenantContext, conversation_id: UUID, *, after: int = 0) -> Transcript:
    """Under the tenant's row-level security. after: the sequence of a message. Raises NotFound for a conversation that
    this tenant does not have, InvalidInput, DatabaseUnavailable."""
    conversation, messages, _ = Conversations(database).read(tenant, conversation_id, after=after, limit=MOST_MESSAGES)
    last = messages[-1].sequence if messages else after
    return Transcript(conversation, messages, last < conversation.last_sequence)
