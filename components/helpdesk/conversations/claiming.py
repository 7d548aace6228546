"""Whose turn it is: a customer's message is stored first, and then one process at a time works on a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, Uuid, bindparam, case, func, insert, or_, select, text, update

from components.core.errors import Conflict, Unavailable
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.conversations.attached import bind_attachments, read_attachments
from components.helpdesk.conversations.conversation import Message, MessageDetails
from components.helpdesk.conversations.store import (
    CONVERSATIONS,
    MESSAGES,
    OF_CONVERSATION,
    OF_MESSAGES,
    WAITING,
    conversation_of,
    details_json,
    is_waiting,
    keys,
    message_of,
    read_conversation,
    read_turn,
)
from components.helpdesk.conversations.turn_records import Accepted, StoredTurn, TurnClaim

MOST_WAITING = 20
# Not now(), which is when the transaction began: it may have waited for the row since.
_CLOCK = func.clock_timestamp()
_FREE = or_(CONVERSATIONS.c.turn_owner.is_(None), CONVERSATIONS.c.turn_until <= _CLOCK)
_GIVE_UP_IDLE = select(func.set_config("idle_in_transaction_session_timeout", bindparam("milliseconds"), True))
_UNTIL = _CLOCK + text("make_interval(secs => :lease)")
_KNOWN_AND_WAITING = (
    select(MESSAGES)
    .where(OF_MESSAGES, or_(MESSAGES.c.client_message_id == bindparam("client_id"), WAITING))
    .order_by(MESSAGES.c.sequence)
)
_INSERT = insert(MESSAGES).values(created_at=_CLOCK).returning(MESSAGES.c.created_at)
_INSERT_HANDLED = insert(MESSAGES).values(created_at=_CLOCK, handled_at=_CLOCK).returning(MESSAGES.c.created_at)
_CLAIM = (
    update(CONVERSATIONS)
    .where(OF_CONVERSATION)
    .values(
        turn_owner=case((_FREE, bindparam("owner", type_=Uuid())), else_=CONVERSATIONS.c.turn_owner),
        turn_until=case((_FREE, _UNTIL), else_=CONVERSATIONS.c.turn_until),
    )
    .returning(CONVERSATIONS)
)
_ADDED: dict[str, Any] = {
    "last_sequence": bindparam("newest"),
    "updated_at": bindparam("at"),
    "customer_wrote_at": bindparam("at"),
}
_ADD_AND_CLAIM = _CLAIM.values(_ADDED)
_ADD = update(CONVERSATIONS).where(OF_CONVERSATION).values(_ADDED).returning(CONVERSATIONS)
_DIED = func.coalesce(MESSAGES.c.details["died"].as_integer(), 0) + 1
_NOTE_DEATH = (
    update(MESSAGES)
    .where(OF_MESSAGES, MESSAGES.c.sequence == bindparam("this"))
    .values(details=MESSAGES.c.details.concat(func.jsonb_build_object("died", _DIED)))
    .returning(MESSAGES.c.details["died"].as_integer())
)
_LOOK = (
    select(MESSAGES, _FREE.label("free"))
    .join(CONVERSATIONS, OF_CONVERSATION)
    .where(OF_MESSAGES, MESSAGES.c.sequence == bindparam("this"))
)
_RELEASE = (
    update(CONVERSATIONS)
    .where(OF_CONVERSATION, CONVERSATIONS.c.turn_owner == bindparam("owner"))
    .values(turn_owner=None, turn_until=None)
)


def accept_message(
    database: Database,
    tenant: TenantContext,
    conversation_id: UUID,
    client_message_id: str,
    said: str,
    lease: float,
    attachments: Sequence[UUID] = (),
) -> Accepted:
    """Stores the message under the conversation's next sequence, unless that id was accepted before, and claims the
    turn for `lease` seconds where nobody works on one. While an agent owns the conversation there is no turn: the
    message is for the agent. attachments: files of this conversation that the message carries.

    Raises NotFound, Conflict where the id was another text's, Unavailable where too many messages wait already,
    DatabaseUnavailable.
    """
    with database.tenant(tenant) as session:
        connection = session.connection()
        row = read_conversation(connection, tenant, conversation_id, locked=True)
        known, waiting = _known_and_waiting(connection, tenant, conversation_id, client_message_id)
        if known is not None:
            if known.text != said:
                raise Conflict(
                    f"client_message_id={client_message_id!r} was given to another text before: a new message needs a "
                    "new one",
                    field="client_message_id",
                )
            if known.handled:
                return Accepted(known, True, read_turn(connection, tenant, conversation_id, known))
            return Accepted(known, True, _claim(connection, tenant, row, waiting[0], lease))
        if len(waiting) >= MOST_WAITING:
            raise Unavailable(f"{MOST_WAITING} messages of this conversation wait for an answer already: wait for some")
        carried = read_attachments(connection, tenant, conversation_id, attachments, "customer")
        message = _insert(connection, tenant, row, client_message_id, said, MessageDetails(attachments=carried))
        bind_attachments(connection, tenant, conversation_id, message)
        if row.status == "agent":
            values = keys(tenant, conversation_id) | {"newest": message.sequence, "at": message.created_at}
            added = connection.execute(_ADD, values).one()
            return Accepted(message, False, StoredTurn(message, (), conversation_of(added)))
        oldest = (*waiting, message)[0]
        return Accepted(message, False, _claim(connection, tenant, row, oldest, lease, message))


def await_turn(
    database: Database, tenant: TenantContext, conversation_id: UUID, sequence: int, lease: float
) -> StoredTurn | TurnClaim | None:
    """The turn of this message where it is stored by now; else a claim where nobody works on the conversation any
    more, perhaps to an older message's turn; else None: ask again. Raises NotFound, DatabaseUnavailable."""
    with database.tenant(tenant) as session:
        connection = session.connection()
        row = connection.execute(_LOOK, keys(tenant, conversation_id) | {"this": sequence}).one_or_none()
        if row is None:
            read_conversation(connection, tenant, conversation_id)
            return None
        if row.handled_at is not None:
            return read_turn(connection, tenant, conversation_id, message_of(row))
        return _locked_claim(connection, tenant, conversation_id, lease) if row.free else None


def claim_turn(database: Database, tenant: TenantContext, conversation_id: UUID, lease: float) -> TurnClaim | None:
    """A claim to the oldest turn that waits; None where none does, or another works on it. Raises NotFound,
    DatabaseUnavailable."""
    with database.tenant(tenant) as session:
        connection = session.connection()
        if not is_waiting(connection, tenant, conversation_id):
            read_conversation(connection, tenant, conversation_id)
            return None
        return _locked_claim(connection, tenant, conversation_id, lease)


def waiting_conversations(database: Database, tenant: TenantContext) -> tuple[UUID, ...]:
    """Those with a customer's message whose turn is not stored yet. Raises DatabaseUnavailable."""
    query = select(MESSAGES.c.conversation_id).where(MESSAGES.c.tenant_id == tenant.tenant_id, WAITING)
    with database.tenant(tenant) as session:
        return tuple(session.connection().scalars(query.distinct()))


def extend_claims(database: Database, tenant: TenantContext, owners: Sequence[UUID], lease: float) -> None:
    """They lapse `lease` seconds from now. One whose row is being written is passed over, until the next time."""
    held = (
        select(CONVERSATIONS.c.conversation_id)
        .where(CONVERSATIONS.c.tenant_id == tenant.tenant_id, CONVERSATIONS.c.turn_owner.in_(owners))
        .with_for_update(skip_locked=True)
    )
    with database.tenant(tenant) as session:
        connection = session.connection()
        # A process that is frozen in here keeps the rows from others no longer than its claims.
        connection.execute(_GIVE_UP_IDLE, {"milliseconds": f"{lease * 1000:.0f}"})
        connection.execute(
            update(CONVERSATIONS).where(CONVERSATIONS.c.conversation_id.in_(held)).values(turn_until=_UNTIL),
            {"lease": lease},
        )


def release_claim(database: Database, tenant: TenantContext, claim: TurnClaim) -> None:
    """Leaves the turn to whoever comes next, at once."""
    with database.tenant(tenant) as session:
        values = keys(tenant, claim.conversation.conversation_id) | {"owner": claim.owner}
        session.connection().execute(_RELEASE, values)


def _known_and_waiting(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, client_message_id: str | None = None
) -> tuple[Message | None, list[Message]]:
    """The message with the customer's id, and all that wait for their turn, in order."""
    values = keys(tenant, conversation_id) | {"client_id": client_message_id}
    found = [message_of(row) for row in connection.execute(_KNOWN_AND_WAITING, values)]
    known = [each for each in found if client_message_id and each.client_message_id == client_message_id]
    return (known[0] if known else None), [each for each in found if not each.handled]


def _insert(
    connection: Connection,
    tenant: TenantContext,
    conversation: Row[Any],
    client_message_id: str,
    said: str,
    details: MessageDetails,
) -> Message:
    owned = conversation.status == "agent"
    values = {
        "tenant_id": tenant.tenant_id,
        "conversation_id": conversation.conversation_id,
        "sequence": conversation.last_sequence + 1,
        "author": "customer",
        "text": said,
        "client_message_id": client_message_id,
        "details": details_json(details),
    }
    created_at = connection.execute(_INSERT_HANDLED if owned else _INSERT, values).scalar_one()
    sequence = conversation.last_sequence + 1
    return Message(sequence, "customer", said, created_at, client_message_id, handled=owned, details=details)


def _locked_claim(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, lease: float
) -> TurnClaim | None:
    row = read_conversation(connection, tenant, conversation_id, locked=True)
    _, waiting = _known_and_waiting(connection, tenant, conversation_id)
    return _claim(connection, tenant, row, waiting[0], lease) if waiting else None


def _claim(
    connection: Connection,
    tenant: TenantContext,
    stood: Row[Any],
    oldest: Message,
    lease: float,
    added: Message | None = None,
) -> TurnClaim | None:
    """stood: the row, locked, so that no message is stored or handled meanwhile. added: the newest message."""
    this = keys(tenant, stood.conversation_id)
    values = this | {"owner": uuid4(), "lease": lease}
    if added is None:
        row = connection.execute(_CLAIM, values).one()
    else:
        row = connection.execute(_ADD_AND_CLAIM, values | {"newest": added.sequence, "at": added.created_at}).one()
    if row.turn_owner != values["owner"]:
        return None
    died = 0
    if stood.turn_owner is not None:
        died = connection.execute(_NOTE_DEATH, this | {"this": oldest.sequence}).scalar_one()
    return TurnClaim(row.turn_owner, oldest, conversation_of(row), died)
