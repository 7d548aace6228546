"""What passes between the tables of conversations and the turn that works on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from components.helpdesk.conversations.conversation import Author, Conversation, Message, MessageDetails, Status


@dataclass(frozen=True)
class NewMessage:
    """A message that the helpdesk writes; it gets its sequence when it is stored."""

    text: str
    details: MessageDetails = field(default_factory=MessageDetails)
    author: Author = "bot"


@dataclass(frozen=True)
class TurnResult:
    """All that a turn changes, stored whole or not at all. What is not said of `Conversation` stays as it was."""

    replies: tuple[NewMessage, ...]
    status: Status
    state: Mapping[str, Any]
    language: str | None = None
    handover: Mapping[str, Any] | None = None
    versions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredTurn:
    """A turn as it is stored: the customer's message, what was replied, and where the conversation stands now."""

    message: Message
    replies: tuple[Message, ...]
    conversation: Conversation


@dataclass(frozen=True)
class TurnClaim:
    """The right to take one turn: that of the oldest message that waits. owner: fences; whoever is not the
    conversation's owner any more stores nothing. conversation: as it stood when the claim was made. died: how many
    processes have let a claim to this turn lapse."""

    owner: UUID
    message: Message
    conversation: Conversation
    died: int = 0


@dataclass(frozen=True)
class Accepted:
    """A customer's message that is stored. repeated: it was before. now: its turn where that is stored already, a
    claim where nobody worked on the conversation (perhaps to an older message's turn), else None."""

    message: Message
    repeated: bool
    now: StoredTurn | TurnClaim | None
