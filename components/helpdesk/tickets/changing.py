"""What becomes of a ticket: every change as a pure function from how it stands to how it stands then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import cast
from uuid import UUID

from components.core.errors import Conflict, InvalidInput
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.tenant_config import TenantConfig
from components.helpdesk.tickets.sla import paused, resumed, settled, targeted
from components.helpdesk.tickets.ticket import Priority, Ticket, TicketStatus
from components.helpdesk.tickets.ticket_input import NOBODY, Comment, NewTicket, TicketChange

# pending: waits for the customer. From closed and resolved to open is a reopening, within the tenant's window.
TRANSITIONS: Mapping[TicketStatus, tuple[TicketStatus, ...]] = MappingProxyType(
    {
        "open": ("pending", "resolved"),
        "pending": ("open", "resolved"),
        "resolved": ("closed", "open"),
        "closed": ("open",),
    }
)


@dataclass(frozen=True)
class Rules:
    """What the tenant's configuration says of tickets, at the moment at which one is changed."""

    config: TenantConfig
    at: datetime

    @property
    def hours(self) -> BusinessHours:
        return BusinessHours(self.config.handover)

    @property
    def reopens_until(self) -> timedelta:
        return timedelta(hours=self.config.handover.reopen_hours)


def opened(new: NewTicket, rules: Rules, ticket_id: UUID, number: int) -> Ticket:
    """Raises InvalidInput for a team that the tenant does not have."""
    _require_team(new.team, rules)
    ticket = Ticket(
        ticket_id=ticket_id,
        number=number,
        subject=new.subject,
        created_at=rules.at,
        updated_at=rules.at,
        description=new.description,
        priority=cast("Priority", new.priority),
        requester=new.requester,
        channel=new.channel,
        session_id=new.session_id,
        assigned_to=new.assigned_to,
        team=new.team,
        tags=new.tags,
        details=new.details,
    )
    return targeted(ticket, rules.config.slas.of(ticket.priority), rules.hours, rules.at)


def changed(ticket: Ticket, change: TicketChange, rules: Rules) -> Ticket:
    """Raises Conflict for a transition that is not allowed, InvalidInput for a team that the tenant does not have."""
    _require_unmerged(ticket)
    status, priority = change.status or ticket.status, change.priority or ticket.priority
    reopening = status == "open"
    if reopening and status != ticket.status:
        ticket = moved(ticket, "open", rules)
    if priority != ticket.priority:
        ticket = _prioritised(ticket, cast("Priority", priority), rules)
    if not reopening and status != ticket.status:
        ticket = moved(ticket, cast("TicketStatus", status), rules)
    if change.assigned_to is not None:
        ticket = replace(ticket, assigned_to=None if change.assigned_to == NOBODY else change.assigned_to)
    if change.team is not None:
        _require_team(change.team, rules)
        ticket = replace(ticket, team=change.team)
    if change.tags is not None:
        ticket = replace(ticket, tags=tuple(change.tags))
    return ticket if change.subject is None else replace(ticket, subject=change.subject)


def moved(ticket: Ticket, status: TicketStatus, rules: Rules) -> Ticket:
    """Raises Conflict naming what is allowed."""
    allowed = TRANSITIONS[ticket.status]
    if status not in allowed:
        raise Conflict(
            f"ticket {ticket.number} is {ticket.status}: to {status} is not allowed, to {' or '.join(allowed)} is",
            field="status",
        )
    if ticket.status in ("resolved", "closed") and status == "open":
        return _reopened(ticket, rules)
    ticket = _settled(ticket, rules)
    match status:
        case "open":
            ticket = resumed(ticket, rules.hours, rules.at)
        case "pending":
            ticket = paused(ticket, rules.at)
        case "resolved":
            # Told that it is done, the customer has had an answer.
            first = ticket.first_response_at or rules.at
            ticket = replace(paused(ticket, rules.at), resolved_at=rules.at, first_response_at=first)
        case "closed":
            ticket = replace(ticket, closed_at=rules.at)
    return replace(ticket, status=status)


def commented(ticket: Ticket, comment: Comment, rules: Rules) -> Ticket:
    """A customer's comment opens it again; the first public one of staff is its first response. Raises Conflict where
    it was merged, or where a customer comes too late."""
    _require_unmerged(ticket)
    if comment.side == "customer":
        return ticket if ticket.status == "open" else moved(ticket, "open", rules)
    if not comment.public or ticket.first_response_at is not None:
        return ticket
    return replace(_settled(ticket, rules), first_response_at=rules.at)


def merged(ticket: Ticket, into: Ticket, rules: Rules) -> Ticket:
    """Closed, and to go on in the other. Raises Conflict where one of them is closed, InvalidInput for itself."""
    if ticket.ticket_id == into.ticket_id:
        raise InvalidInput(f"ticket {ticket.number} cannot be merged into itself: another one is allowed", field="into")
    for each in (ticket, into):
        _require_unmerged(each)
        if each.status == "closed":
            raise Conflict(
                f"ticket {each.number} is closed: open, pending or resolved ones can be merged", field="into"
            )
    since = ticket.paused_since or rules.at
    return replace(ticket, status="closed", merged_into=into.ticket_id, closed_at=rules.at, paused_since=since)


def _reopened(ticket: Ticket, rules: Rules) -> Ticket:
    if not _may_reopen(ticket, rules):
        hours = rules.config.handover.reopen_hours
        raise Conflict(
            f"ticket {ticket.number} was resolved more than {hours:g} hours ago and stays {ticket.status}: "
            "open a new ticket",
            field="status",
        )
    ticket = replace(ticket, status="open", resolved_at=None, closed_at=None)
    return resumed(ticket, rules.hours, rules.at)


def _may_reopen(ticket: Ticket, rules: Rules) -> bool:
    return ticket.resolved_at is not None and rules.at <= ticket.resolved_at + rules.reopens_until


def _settled(ticket: Ticket, rules: Rules) -> Ticket:
    """Up to now, where a clock stands still that may still be missed. Once it is resolved, none may: the time from then
    on is settled when it is opened again."""
    return settled(ticket, rules.hours, rules.at) if ticket.status == "pending" else ticket


def _prioritised(ticket: Ticket, priority: Priority, rules: Rules) -> Ticket:
    if ticket.status in ("resolved", "closed"):
        raise Conflict(
            f"ticket {ticket.number} is {ticket.status}: the priority of an open or pending one can be changed",
            field="priority",
        )
    ticket = replace(_settled(ticket, rules), priority=priority)
    return targeted(ticket, rules.config.slas.of(priority), rules.hours, rules.at)


def _require_unmerged(ticket: Ticket) -> None:
    if ticket.merged_into is not None:
        raise Conflict(
            f"ticket {ticket.number} was merged into ticket {ticket.merged_into}: change that one", field="ticket"
        )


def _require_team(team: str, rules: Rules) -> None:
    teams = rules.config.handover.teams
    if team and teams and team not in teams:
        raise InvalidInput(f"team={team!r}: {', '.join(teams)} is allowed", field="team")
