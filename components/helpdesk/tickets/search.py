"""Finding tickets: by words, by what they are and whose, page by page, the newest first."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, any_, literal, or_, select

from components.core.errors import InvalidInput
from components.core.tenant import TenantContext
from components.helpdesk.storable import storable
from components.helpdesk.tickets.priorities import PRIORITIES
from components.helpdesk.tickets.store import TICKETS, ticket_of
from components.helpdesk.tickets.ticket import STATUSES, Ticket
from components.helpdesk.tickets.ticket_input import NOBODY, Assignee

MOST_LISTED = 100
LONGEST_QUERY = 200
LONGEST_CURSOR = 100


@dataclass(frozen=True)
class TicketQuery:
    """What they have in common; an empty field asks for nothing. q: words, each in the subject, description, requester,
    number or a comment. requester: e-mail address or telephone number, or a part of the name. cursor: `next` of the
    page before."""

    q: str = ""
    status: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    assigned_to: Assignee | None = None
    team: str = ""
    tag: str = ""
    requester: str = ""
    session_id: UUID | None = None
    cursor: str = ""
    limit: int = 20


def find_tickets(connection: Connection, tenant: TenantContext, query: TicketQuery) -> tuple[tuple[Ticket, ...], str]:
    """A page, and the cursor of the next; "" at the end. What changes meanwhile neither doubles nor hides the rest.
    Raises InvalidInput naming what is allowed."""
    wanted = _narrowed(select(TICKETS).where(TICKETS.c.tenant_id == tenant.tenant_id), _checked(query))
    found = connection.execute(wanted.order_by(TICKETS.c.number.desc()).limit(query.limit + 1)).all()
    page = tuple(ticket_of(row) for row in found[: query.limit])
    return page, _cursor(page[-1].number) if len(found) > query.limit else ""


def _narrowed(wanted: Select[Any], query: TicketQuery) -> Select[Any]:
    columns = TICKETS.c
    for word in query.q.lower().split():
        wanted = wanted.where(columns.search_text.contains(word, autoescape=True))
    if query.status:
        wanted = wanted.where(columns.status.in_(query.status))
    if query.priority:
        wanted = wanted.where(columns.priority.in_(query.priority))
    if query.assigned_to is not None:
        nobody = query.assigned_to == NOBODY
        wanted = wanted.where(
            columns.assigned_to.is_(None) if nobody else columns.assigned_to == str(query.assigned_to)
        )
    if query.team:
        wanted = wanted.where(columns.team == query.team)
    if query.tag:
        wanted = wanted.where(literal(query.tag.lower()) == any_(columns.tags))
    if query.requester:
        exactly = query.requester.strip()
        wanted = wanted.where(
            or_(
                columns.requester_email == exactly.lower(),
                columns.requester_phone == exactly,
                columns.requester_name.icontains(exactly, autoescape=True),
            )
        )
    if query.session_id is not None:
        wanted = wanted.where(columns.session_id == query.session_id)
    return wanted.where(columns.number < _number(query.cursor)) if query.cursor else wanted


def _checked(query: TicketQuery) -> TicketQuery:
    if not 1 <= query.limit <= MOST_LISTED:
        raise InvalidInput(f"limit={query.limit}: 1 to {MOST_LISTED} are allowed", field="limit")
    for name, allowed in (("status", STATUSES), ("priority", PRIORITIES)):
        for value in getattr(query, name):
            if value not in allowed:
                raise InvalidInput(f"{name}={value[:40]!r}: {', '.join(allowed)} is allowed", field=name)
    for name in ("q", "team", "tag", "requester"):
        value = storable(getattr(query, name), name)
        if len(value) > LONGEST_QUERY:
            raise InvalidInput(f"{name} has {len(value)} characters: at most {LONGEST_QUERY} are allowed", field=name)
    return query


def _cursor(number: int) -> str:
    return urlsafe_b64encode(f"before {number}".encode()).decode().rstrip("=")


def _number(cursor: str) -> int:
    try:
        word, number = urlsafe_b64decode(cursor[:LONGEST_CURSOR] + "==").decode().split(" ")
        if word == "before" and number.isdecimal() and len(number) < 19:
            return int(number)
    except ValueError:
        pass
    raise InvalidInput(f"cursor={cursor[:40]!r}: `next` of the page before is allowed", field="cursor")
