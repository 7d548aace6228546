"""What the routes of tickets give."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from apps.api.ticket_requests import TicketRequester
from components.helpdesk.tickets.sla import ClockReading, ClockState
from components.helpdesk.tickets.ticket import Priority, TicketStatus
from components.helpdesk.tickets.ticket_event import ActorKind, EventKind, TicketEvent
from components.helpdesk.tickets.tickets import MOST_EVENTS, TicketView


class TicketClock(BaseModel):
    """One clock, in business hours. It stands still while the helpdesk is closed and while the ticket is pending."""

    state: ClockState
    target_minutes: float
    due_at: datetime | None = Field(description="When it runs out; null while that is open, since it is pending.")
    met_at: datetime | None
    seconds_left: float = Field(description="Of business hours; below zero, by so much it is late.")


class TicketBody(BaseModel):
    """A ticket as it stands."""

    ticket_id: UUID
    number: int = Field(description="As customers are told it.")
    version: int = Field(description="Number of its last event.")
    subject: str
    description: str
    status: TicketStatus
    priority: Priority
    requester: TicketRequester
    channel: str
    session_id: UUID | None
    assigned_to: UUID | None
    team: str
    tags: list[str]
    details: dict[str, Any] = Field(description="What a program knows of it.")
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    merged_into: UUID | None
    first_response: TicketClock | None = Field(description="Null without a target for its priority.")
    resolution: TicketClock | None = Field(description="Null without a target for its priority.")


class TicketActor(BaseModel):
    """Who did it. id, name: an agent's."""

    kind: ActorKind
    id: UUID | None
    name: str


class TicketEventBody(BaseModel):
    """One change."""

    number: int
    kind: EventKind
    actor: TicketActor
    at: datetime
    changes: dict[str, Any] = Field(description="Fields of the ticket as they stand since.")
    details: dict[str, Any] = Field(description="Of a comment: text, public, side.")


class TicketHistory(TicketBody):
    """A ticket and how it came to stand so."""

    events: list[TicketEventBody] = Field(
        description=f"In order, at most {MOST_EVENTS}; there are more while the last number is below `version`."
    )


class TicketList(BaseModel):
    """Tickets, the newest first."""

    tickets: list[TicketBody]
    next: str | None = Field(description="`cursor` of the next page; null at the end.")


def ticket_values(view: TicketView) -> dict[str, Any]:
    """The fields of a TicketBody."""
    ticket, clocks = view.ticket, view.clocks
    own = {name: getattr(ticket, name) for name in TicketBody.model_fields if hasattr(ticket, name)}
    return own | {
        "requester": TicketRequester(**vars(ticket.requester)),
        "tags": list(ticket.tags),
        "details": dict(ticket.details),
        "first_response": _clock(clocks.first_response),
        "resolution": _clock(clocks.resolution),
    }


def ticket_body(view: TicketView) -> TicketBody:
    """A ticket as the API shows it."""
    return TicketBody(**ticket_values(view))


def event_bodies(events: Iterable[TicketEvent]) -> list[TicketEventBody]:
    """Events as the API shows them."""
    return [
        TicketEventBody(
            number=event.number,
            kind=event.kind,
            actor=TicketActor(kind=event.actor.kind, id=event.actor.actor_id, name=event.actor.name),
            at=event.at,
            changes=dict(event.changes),
            details=dict(event.details),
        )
        for event in events
    ]


def _clock(reading: ClockReading | None) -> TicketClock | None:
    return None if reading is None else TicketClock(**vars(reading))
