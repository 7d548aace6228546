"""The clocks of a ticket: to its first response and to its resolution, in business hours, still while it is pending."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.ticket_config import SlaTargets
from components.helpdesk.tickets.ticket import Ticket

ClockState = Literal["running", "paused", "met", "breached"]


@dataclass(frozen=True)
class ClockReading:
    """One clock at one moment. due_at: when it runs out, None while it is not known since the ticket is pending.
    seconds_left: of business hours; below zero by so much it is, or was, late."""

    state: ClockState
    target_minutes: float
    due_at: datetime | None
    met_at: datetime | None
    seconds_left: float


@dataclass(frozen=True)
class TicketClocks:
    """Both clocks of a ticket; None where the tenant has set no target for its priority."""

    first_response: ClockReading | None
    resolution: ClockReading | None


def targeted(ticket: Ticket, targets: SlaTargets, hours: BusinessHours, at: datetime) -> Ticket:
    """With these targets from `at` on; a clock that has been met keeps its own. A target that is missed the moment it
    is set is due at that moment, unless the one before it was missed earlier."""
    used = max(hours.between(ticket.created_at, at) - timedelta(seconds=ticket.paused_seconds), timedelta())

    def due(minutes: float | None, was: datetime | None) -> datetime | None:
        if minutes is None:
            return None
        left = timedelta(minutes=minutes) - used
        return hours.after(at, left) if left >= timedelta() else min(was or at, at)

    if ticket.first_response_at is None:
        ticket = replace(
            ticket,
            first_response_minutes=targets.first_response,
            first_response_due=due(targets.first_response, ticket.first_response_due),
        )
    if ticket.resolved_at is None:
        ticket = replace(
            ticket,
            resolution_minutes=targets.resolution,
            resolution_due=due(targets.resolution, ticket.resolution_due),
        )
    return ticket


def paused(ticket: Ticket, at: datetime) -> Ticket:
    """Its clocks stand still from `at` on."""
    return replace(ticket, paused_since=at)


def settled(ticket: Ticket, hours: BusinessHours, at: datetime) -> Ticket:
    """As if its clocks stood still only from `at` on: what was not missed before is due so much later."""
    since = ticket.paused_since
    if since is None or since >= at:
        return ticket

    def later(due: datetime | None, met_at: datetime | None) -> datetime | None:
        if due is None or due < since or met_at is not None:
            return due
        return hours.after(at, hours.between(since, due))

    return replace(
        ticket,
        paused_since=at,
        paused_seconds=ticket.paused_seconds + hours.between(since, at).total_seconds(),
        first_response_due=later(ticket.first_response_due, ticket.first_response_at),
        resolution_due=later(ticket.resolution_due, ticket.resolved_at),
    )


def resumed(ticket: Ticket, hours: BusinessHours, at: datetime) -> Ticket:
    """Its clocks go on from `at`."""
    return replace(settled(ticket, hours, at), paused_since=None)


def read_clocks(ticket: Ticket, hours: BusinessHours, now: datetime) -> TicketClocks:
    """How both stand at `now`."""
    first = _reading(
        ticket, hours, now, ticket.first_response_minutes, ticket.first_response_due, ticket.first_response_at
    )
    resolution = _reading(ticket, hours, now, ticket.resolution_minutes, ticket.resolution_due, ticket.resolved_at)
    return TicketClocks(first, resolution)


def _reading(
    ticket: Ticket,
    hours: BusinessHours,
    now: datetime,
    minutes: float | None,
    due: datetime | None,
    met_at: datetime | None,
) -> ClockReading | None:
    # What was merged goes on by the clocks of the other ticket.
    if minutes is None or due is None or (ticket.merged_into is not None and met_at is None):
        return None
    until = met_at or ticket.paused_since or now
    left = (hours.between(until, due) - hours.between(due, until)).total_seconds()
    state: ClockState
    if until > due:
        state = "breached"
    elif met_at is not None:
        state = "met"
    elif ticket.paused_since is not None or not hours.is_open(now):
        state = "paused"
    else:
        state = "running"
    moves_on = met_at is None and ticket.paused_since is not None and state != "breached"
    return ClockReading(state, minutes, None if moves_on else due, met_at, left)
