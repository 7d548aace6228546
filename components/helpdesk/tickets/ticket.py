"""What a ticket is, and how its events make it: the row in the database is kept equal to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from functools import reduce
from types import MappingProxyType
from typing import Any, Literal, cast
from uuid import UUID

from components.helpdesk.tickets.ticket_event import TicketEvent

TicketStatus = Literal["open", "pending", "resolved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]
STATUSES: tuple[TicketStatus, ...] = ("open", "pending", "resolved", "closed")


@dataclass(frozen=True)
class Requester:
    """Whom it is about. What is not known is empty."""

    name: str = ""
    email: str = ""
    phone: str = ""


UNKNOWN = Requester()


@dataclass(frozen=True)
class Ticket:
    """A case for a person, after its event number `version`. Moments are in UTC.

    session_id: the conversation that it came of. details: what a program knows of it. first_response_minutes,
    resolution_minutes: its targets, of business hours; *_due: when they would be missed, if its clocks went on.
    paused_since: since when they stand still; paused_seconds: business hours that they stood still before.
    merged_into: the ticket that it goes on in.
    """

    ticket_id: UUID
    number: int
    subject: str
    created_at: datetime
    updated_at: datetime
    version: int = 1
    description: str = ""
    status: TicketStatus = "open"
    priority: Priority = "normal"
    requester: Requester = UNKNOWN
    channel: str = ""
    session_id: UUID | None = None
    assigned_to: UUID | None = None
    team: str = ""
    tags: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    first_response_minutes: float | None = None
    first_response_due: datetime | None = None
    first_response_at: datetime | None = None
    resolution_minutes: float | None = None
    resolution_due: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    paused_since: datetime | None = None
    paused_seconds: float = 0.0
    merged_into: UUID | None = None


# What every event has beside its changes.
_OF_EVENTS = frozenset({"created_at", "updated_at", "version"})
_FIELDS = tuple(each.name for each in fields(Ticket) if each.name not in _OF_EVENTS)
_READ: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        **dict.fromkeys(("ticket_id", "session_id", "assigned_to", "merged_into"), UUID),
        **dict.fromkeys(
            ("first_response_due", "first_response_at", "resolution_due", "resolved_at", "closed_at", "paused_since"),
            datetime.fromisoformat,
        ),
        "tags": tuple,
        "requester": lambda stored: Requester(**stored),
    }
)


def fold(events: Iterable[TicketEvent]) -> Ticket:
    """The ticket that these events, all of it in order, come to. Raises ValueError where they are not that."""
    ticket = reduce(apply, events, cast("Ticket | None", None))
    if ticket is None:
        raise ValueError("a ticket has at least one event")
    return ticket


def apply(ticket: Ticket | None, event: TicketEvent) -> Ticket:
    """The ticket after one more event; None before its first. Raises ValueError for one that is not its next."""
    if event.number != (ticket.version + 1 if ticket else 1) or (event.kind == "created") != (ticket is None):
        raise ValueError(f"event {event.number} {event.kind!r} does not follow on {ticket and ticket.version}")
    known = {name: _read(name, value) for name, value in event.changes.items() if name in _FIELDS}
    if ticket is None:
        return Ticket(created_at=event.at, updated_at=event.at, **known)
    return replace(ticket, version=event.number, updated_at=event.at, **known)


def difference(before: Ticket | None, after: Ticket) -> dict[str, Any]:
    """The changes of the event that makes `after` of `before`, or of nothing."""
    return {
        name: _written(getattr(after, name))
        for name in _FIELDS
        if before is None or getattr(before, name) != getattr(after, name)
    }


def _read(name: str, value: Any) -> Any:
    return value if value is None or name not in _READ else _READ[name](value)


def _written(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Requester):
        return asdict(value)
    return list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
