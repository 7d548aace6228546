"""What is heard of a turn while it goes on, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from components.helpdesk.conversations.conversation import Conversation, Message


@dataclass(frozen=True)
class Typing:
    """The bot works on the reply."""


@dataclass(frozen=True)
class Delta:
    """A further piece of reply number `reply`, from 0: provisional, the stored replies replace it."""

    reply: int
    text: str


TurnEvent = Typing | Delta


@dataclass(frozen=True)
class TakenTurn:
    """A turn as it is stored. repeated: the message had been accepted before, and nothing was done again for it.
    seconds: by part (`nlu`, `answer`, `work`, `accept`, `store`, `wait`, `total`), as far as this call did it."""

    message: Message
    replies: tuple[Message, ...]
    conversation: Conversation
    repeated: bool
    seconds: Mapping[str, float] = field(default_factory=dict)


def ignore(event: object) -> None:
    """For those who need not hear."""
