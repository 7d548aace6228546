"""Who owns a conversation: the state machine bot → waiting → agent → bot or closed, each change once and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Row, func, update

from components.core.errors import Conflict
from components.core.tenant import TenantContext
from components.helpdesk.conversations.changes import (
    EVENTS,
    Actor,
    Change,
    ChangeKind,
    is_known_request,
    read_changes,
    record_change,
)
from components.helpdesk.conversations.conversation import Status
from components.helpdesk.conversations.store import CONVERSATIONS, MESSAGES, OF_CONVERSATION, OF_MESSAGES, WAITING, keys
from components.helpdesk.outcome_rows import follow_change

__all__ = [
    "EVENTS",
    "TRANSITIONS",
    "Actor",
    "Change",
    "ChangeKind",
    "change",
    "is_known_request",
    "kind_of_turn",
    "read_changes",
]


@dataclass(frozen=True)
class Transition:
    """before: the states that it may begin in."""

    before: frozenset[Status]
    after: Status


def _from(*before: Status, to: Status) -> Transition:
    return Transition(frozenset(before), to)


# request: the bot asks for a person. withdraw: the customer prefers the bot. claim: an agent takes it, from the bot
# too. release: an agent puts it back into the queue; transfer: for a team or a colleague; silence: since the agent did
# not answer. give_back: an agent leaves it to the bot. resolve: an agent ends it. reopen: the customer writes again to
# those who had resolved it. restart: the customer writes again to the bot. expire: nobody has written for long.
TRANSITIONS: Mapping[ChangeKind, Transition] = MappingProxyType(
    {
        "request": _from("bot", to="waiting"),
        "withdraw": _from("waiting", to="bot"),
        "claim": _from("waiting", "bot", to="agent"),
        "release": _from("agent", to="waiting"),
        "transfer": _from("agent", to="waiting"),
        "silence": _from("agent", to="waiting"),
        "give_back": _from("agent", to="bot"),
        "resolve": _from("agent", to="closed"),
        "reopen": _from("closed", to="waiting"),
        "restart": _from("closed", to="bot"),
        "expire": _from("bot", "waiting", to="closed"),
    }
)
# After these the agent who had it is asked first, or was the last to have it.
_KEEP_AGENT: frozenset[ChangeKind] = frozenset({"resolve", "reopen", "expire"})
# What a turn of the bot's, or a customer's message in it, comes to.
_OF_TURNS: Mapping[tuple[Status, Status], ChangeKind] = MappingProxyType(
    {
        ("bot", "waiting"): "request",
        ("waiting", "bot"): "withdraw",
        ("closed", "waiting"): "reopen",
        ("closed", "bot"): "restart",
    }
)


def kind_of_turn(before: Status, after: Status) -> ChangeKind:
    """How a turn's change of state is called. Raises Conflict where a turn may not make it."""
    try:
        return _OF_TURNS[before, after]
    except KeyError:
        raise Conflict(f"a turn may not take a conversation from {before!r} to {after!r}") from None


def change(
    connection: Connection,
    tenant: TenantContext,
    stood: Row[Any],
    kind: ChangeKind,
    *,
    actor: Actor,
    agent_id: UUID | None = None,
    owner: UUID | None = None,
    team: str | None = None,
    priority: str | None = None,
    details: Mapping[str, Any] = MappingProxyType({}),
    request_id: str | None = None,
) -> Row[Any]:
    """Moves a conversation on, in the caller's transaction, and records it; the row as it stands then.

    stood: its row, locked. agent_id: the agent who does it. owner: the agent who owns it then or, while it waits, is
    asked first; none = nobody, or who had it where it is ended and reopened. team, priority: None leaves them.
    request_id: the caller's own. Raises Conflict where it may not begin in the state that the conversation is in.
    """
    transition = TRANSITIONS[kind]
    if stood.status not in transition.before:
        allowed = ", ".join(sorted(transition.before))
        raise Conflict(f"{kind} of a conversation in state {stood.status!r}: {allowed} is allowed", field="status")
    at = func.clock_timestamp()
    values: dict[str, Any] = {
        "status": transition.after,
        "changes": stood.changes + 1,
        "updated_at": at,
        "waiting_since": at if transition.after == "waiting" else None,
        "agent_since": at if transition.after == "agent" else None,
        "closed_at": at if transition.after == "closed" else None,
        "apologised_at": None,
    }
    values |= {"agent_id": owner} if owner is not None or kind not in _KEEP_AGENT else {}
    values |= {"team": team} if team is not None else {}
    values |= {"priority": priority} if priority is not None else {}
    if transition.after in ("agent", "closed"):
        # Whoever works on a turn stores nothing any more: the claim is gone.
        values |= {"turn_owner": None, "turn_until": None}
    row = connection.execute(
        update(CONVERSATIONS).where(OF_CONVERSATION).values(values).returning(CONVERSATIONS),
        keys(tenant, stood.conversation_id),
    ).one()
    if transition.after in ("agent", "closed"):
        # The agent reads them; no bot answers them later.
        connection.execute(
            update(MESSAGES).where(OF_MESSAGES, WAITING).values(handled_at=row.updated_at),
            keys(tenant, stood.conversation_id),
        )
    made = Change(row.changes, kind, actor, agent_id, stood.status, row.status, dict(details), row.updated_at)
    record_change(connection, tenant, stood.conversation_id, made, request_id)
    follow_change(connection, tenant, row, made)
    return row


def record_event(
    connection: Connection,
    tenant: TenantContext,
    stood: Row[Any],
    kind: Literal["undelivered"],
    *,
    actor: Actor,
    details: Mapping[str, Any],
) -> Row[Any]:
    """Records what changes nobody's ownership, in the caller's transaction; stood: the row, locked."""
    row = connection.execute(
        update(CONVERSATIONS)
        .where(OF_CONVERSATION)
        .values(changes=stood.changes + 1, updated_at=func.clock_timestamp())
        .returning(CONVERSATIONS),
        keys(tenant, stood.conversation_id),
    ).one()
    made = Change(row.changes, kind, actor, None, stood.status, row.status, dict(details), row.updated_at)
    record_change(connection, tenant, stood.conversation_id, made)
    return row
