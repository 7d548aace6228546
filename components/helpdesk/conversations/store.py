"""The rows of conversations and messages, as the types that everybody else works with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, bindparam, select

from components.core.answers import Citation
from components.core.errors import NotFound
from components.core.tenant import TenantContext
from components.database.tables import ConversationRow, MessageRow
from components.helpdesk.conversations.conversation import Attachment, Conversation, Message, MessageDetails
from components.helpdesk.conversations.turn_records import StoredTurn

# Of the tables: a unit of work costs a millisecond, and a turn has few of them to spend.
CONVERSATIONS = ConversationRow.metadata.tables[ConversationRow.__tablename__]
MESSAGES = MessageRow.metadata.tables[MessageRow.__tablename__]


# The conversation that a statement is about; `keys` gives the values.
OF_CONVERSATION = and_(
    CONVERSATIONS.c.tenant_id == bindparam("of_tenant"), CONVERSATIONS.c.conversation_id == bindparam("of_conversation")
)
OF_MESSAGES = and_(
    MESSAGES.c.tenant_id == bindparam("of_tenant"), MESSAGES.c.conversation_id == bindparam("of_conversation")
)
# Customers' messages whose turn is not stored yet.
WAITING = and_(MESSAGES.c.author == "customer", MESSAGES.c.handled_at.is_(None))

# Has a sign that no client's id may have.
_AGENTS = "agent:"

# Built once: building them costs as much as running them.
_READ = select(CONVERSATIONS).where(OF_CONVERSATION)
_READ_LOCKED = _READ.with_for_update()
_READ_AFTER = (
    select(MESSAGES)
    .where(OF_MESSAGES, MESSAGES.c.sequence > bindparam("after"))
    .order_by(MESSAGES.c.sequence)
    .limit(bindparam("most"))
)
_READ_LAST = (
    select(MESSAGES)
    .where(OF_MESSAGES, MESSAGES.c.sequence < bindparam("before"))
    .order_by(MESSAGES.c.sequence.desc())
    .limit(bindparam("most"))
)
_READ_REPLIES = (
    select(MESSAGES)
    .where(OF_MESSAGES, MESSAGES.c.sequence > bindparam("to"), MESSAGES.c.reply_to == bindparam("to"))
    .order_by(MESSAGES.c.sequence)
)
_READ_WAITING = select(MESSAGES.c.sequence).where(OF_MESSAGES, WAITING).limit(1)


def keys(tenant: TenantContext, conversation_id: UUID) -> dict[str, Any]:
    """The values of OF_CONVERSATION and OF_MESSAGES."""
    return {"of_tenant": tenant.tenant_id, "of_conversation": conversation_id}


def read_conversation(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, *, locked: bool = False
) -> Row[Any]:
    """The row; locked: until the transaction ends nobody else may change it. Raises NotFound, also where the
    conversation is another tenant's."""
    row = connection.execute(_READ_LOCKED if locked else _READ, keys(tenant, conversation_id)).one_or_none()
    if row is None:
        raise NotFound(f"no conversation has the id {conversation_id}", field="conversation_id")
    return row


def read_messages(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, *, after: int, limit: int
) -> tuple[Message, ...]:
    """Those with a higher sequence than `after`, in order."""
    values = keys(tenant, conversation_id) | {"after": after, "most": limit}
    return tuple(message_of(row) for row in connection.execute(_READ_AFTER, values))


def read_last_messages(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, before: int, limit: int
) -> tuple[Message, ...]:
    """The last ones with a lower sequence than `before`, in order."""
    values = keys(tenant, conversation_id) | {"before": before, "most": limit}
    return tuple(message_of(row) for row in connection.execute(_READ_LAST, values))[::-1]


def is_waiting(connection: Connection, tenant: TenantContext, conversation_id: UUID) -> bool:
    """Whether a customer's message has no stored turn yet."""
    return connection.execute(_READ_WAITING, keys(tenant, conversation_id)).one_or_none() is not None


def read_turn(connection: Connection, tenant: TenantContext, conversation_id: UUID, message: Message) -> StoredTurn:
    """The stored turn of a handled message."""
    values = keys(tenant, conversation_id) | {"to": message.sequence}
    replies = tuple(message_of(row) for row in connection.execute(_READ_REPLIES, values))
    return StoredTurn(message, replies, conversation_of(read_conversation(connection, tenant, conversation_id)))


def conversation_of(row: Row[Any]) -> Conversation:
    """row: all columns of `conversations`."""
    return Conversation(
        conversation_id=row.conversation_id,
        channel=row.channel,
        status=row.status,
        flow_version=row.flow_version,
        last_sequence=row.last_sequence,
        created_at=row.created_at,
        updated_at=row.updated_at,
        language=row.language,
        customer=row.customer,
        handover=row.handover,
        versions=row.versions,
        state=row.state,
        agent_id=row.agent_id,
        team=row.team,
        priority=row.priority,
        changes=row.changes,
        customer_read=row.customer_read,
        agent_read=row.agent_read,
        waiting_since=row.waiting_since,
        agent_since=row.agent_since,
        closed_at=row.closed_at,
        customer_wrote_at=row.customer_wrote_at,
        agent_wrote_at=row.agent_wrote_at,
        apologised_at=row.apologised_at,
    )


def message_of(row: Row[Any]) -> Message:
    """row: all columns of `messages`."""
    return Message(
        sequence=row.sequence,
        author=row.author,
        text=row.text,
        created_at=row.created_at,
        client_message_id=client_id_told(row.author, row.client_message_id),
        reply_to=row.reply_to,
        handled=row.author != "customer" or row.handled_at is not None,
        details=details_of(row.details),
    )


def client_id_stored(author: str, client_message_id: str | None) -> str | None:
    """As it is stored: a customer can choose no id that an agent's message has."""
    return _AGENTS + client_message_id if author == "agent" and client_message_id is not None else client_message_id


def client_id_told(author: str, stored: str | None) -> str | None:
    """The one that its author chose."""
    return stored.removeprefix(_AGENTS) if author == "agent" and stored is not None else stored


def details_of(stored: dict[str, Any]) -> MessageDetails:
    """What `details_json` wrote."""
    answer_id, agent_id = stored.get("answer_id"), stored.get("agent_id")
    return MessageDetails(
        citations=tuple(Citation(**each) for each in stored.get("citations", ())),
        answer_id=UUID(answer_id) if answer_id else None,
        buttons=tuple(stored.get("buttons", ())),
        attachments=tuple(
            Attachment(UUID(each["attachment_id"]), each["name"], each["media_type"], each["size"])
            for each in stored.get("attachments", ())
        ),
        speaker=stored.get("speaker"),
        agent_id=UUID(agent_id) if agent_id else None,
        lineage=stored.get("lineage", {}),
    )


def details_json(details: MessageDetails) -> dict[str, Any]:
    """JSON values; what is empty is left out."""
    parts: Iterable[tuple[str, Any]] = (
        ("citations", [asdict(citation) for citation in details.citations]),
        ("answer_id", details.answer_id and str(details.answer_id)),
        ("buttons", list(details.buttons)),
        (
            "attachments",
            [asdict(each) | {"attachment_id": str(each.attachment_id)} for each in details.attachments],
        ),
        ("speaker", details.speaker),
        ("agent_id", details.agent_id and str(details.agent_id)),
        ("lineage", dict(details.lineage)),
    )
    return {name: value for name, value in parts if value}
