"""One change of a ticket, as it is recorded and told to others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

ActorKind = Literal["agent", "api", "bot", "customer", "operator", "timer"]
EventKind = Literal["created", "changed", "commented", "merged", "absorbed"]


@dataclass(frozen=True)
class Actor:
    """Who did it. api: a program with the tenant's key. operator: at the command line. timer: nobody, time passed.
    actor_id, name: an agent's."""

    kind: ActorKind
    actor_id: UUID | None = None
    name: str = ""


@dataclass(frozen=True)
class TicketEvent:
    """number: 1, 2, … within the ticket. changes: fields of the ticket by name, as JSON values, as they stand since.
    details: of `commented` the text, whether it is public, and by whom; of `merged` and `absorbed` the other ticket."""

    number: int
    kind: EventKind
    actor: Actor
    at: datetime
    changes: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
