"""The end of a turn: everything it changes is stored in one transaction, or nothing is."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import bindparam, func, update

from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.conversations.opening import TURN_COLUMNS, move_on, turn_values
from components.helpdesk.conversations.store import (
    CONVERSATIONS,
    MESSAGES,
    OF_CONVERSATION,
    OF_MESSAGES,
    conversation_of,
    keys,
)
from components.helpdesk.conversations.storing import insert_messages
from components.helpdesk.conversations.turn_records import StoredTurn, TurnClaim, TurnResult

_MOVE_ON = (
    update(CONVERSATIONS)
    .where(OF_CONVERSATION, CONVERSATIONS.c.turn_owner == bindparam("owner"))
    .values(
        {name: bindparam(name) for name in TURN_COLUMNS}
        | {
            "last_sequence": CONVERSATIONS.c.last_sequence + bindparam("count"),
            "updated_at": func.clock_timestamp(),
            "turn_owner": None,
            "turn_until": None,
        }
    )
    .returning(CONVERSATIONS)
)
_MARK_HANDLED = (
    update(MESSAGES).where(OF_MESSAGES, MESSAGES.c.sequence == bindparam("this")).values(handled_at=bindparam("at"))
)


def finish_turn(database: Database, tenant: TenantContext, claim: TurnClaim, result: TurnResult) -> StoredTurn | None:
    """Stores the replies under the next sequences, marks the customer's message as handled, moves the conversation
    on and ends the claim.

    None, with nothing written, where the claim is not the conversation's any more: it lapsed and another took the
    turn, or this was stored before and only the confirmation was lost. Raises DatabaseUnavailable.
    """
    conversation_id, sequence = claim.conversation.conversation_id, claim.message.sequence
    count = len(result.replies)
    values = keys(tenant, conversation_id) | {"owner": claim.owner, "count": count, **turn_values(result)}
    with database.tenant(tenant) as session:
        connection = session.connection()
        moved = connection.execute(_MOVE_ON, values).one_or_none()
        if moved is None:
            return None
        conversation = conversation_of(move_on(connection, tenant, moved, result))
        handled = keys(tenant, conversation_id) | {"this": sequence, "at": conversation.updated_at}
        connection.execute(_MARK_HANDLED, handled)
        first = conversation.last_sequence - count + 1
        replies = insert_messages(
            connection,
            tenant,
            conversation_id,
            result.replies,
            first=first,
            at=conversation.updated_at,
            channel=conversation.channel,
            reply_to=sequence,
        )
    return StoredTurn(replace(claim.message, handled=True), replies, conversation)
