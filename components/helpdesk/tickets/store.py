"""The rows of tickets and their events: a change is one event and the row that it makes, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from components.core.errors import InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.tables import AgentRow, TenantRow, TicketEventRow, TicketNumberRow, TicketRow
from components.helpdesk.tenant_config import TenantConfig, read_config
from components.helpdesk.tickets.ticket import Requester, Ticket
from components.helpdesk.tickets.ticket_event import Actor, TicketEvent

TICKETS = TicketRow.metadata.tables[TicketRow.__tablename__]
EVENTS = TicketEventRow.metadata.tables[TicketEventRow.__tablename__]
_AGENTS = AgentRow.metadata.tables[AgentRow.__tablename__]
_TENANTS = TenantRow.metadata.tables[TenantRow.__tablename__]
# Past it, a ticket is found by what was said first.
LONGEST_SEARCHED = 50_000

# A ticket by its id, or by the number that customers are told.
TicketRef = UUID | int


def read_rules_config(connection: Connection, tenant: TenantContext) -> TenantConfig:
    """As it stands. Raises NotFound for a tenant that is gone."""
    query = select(_TENANTS.c.config_json).where(_TENANTS.c.tenant_id == tenant.tenant_id)
    stored = connection.execute(query).scalar_one_or_none()
    if stored is None:
        raise NotFound(f"no tenant has the id {tenant.tenant_id}", field="tenant_id")
    return read_config(stored)


def require_agent(connection: Connection, tenant: TenantContext, agent_id: UUID) -> None:
    """Raises InvalidInput for somebody who is no agent of the tenant, or has left."""
    query = select(_AGENTS.c.agent_id).where(
        _AGENTS.c.tenant_id == tenant.tenant_id, _AGENTS.c.agent_id == agent_id, _AGENTS.c.active
    )
    if connection.execute(query).one_or_none() is None:
        raise InvalidInput(f"assigned_to={agent_id}: the id of an agent of this tenant is allowed", field="assigned_to")


def lock_key(connection: Connection, tenant: TenantContext, key: str) -> None:
    """Until the transaction ends, the same wish sent again waits, and then finds what came of it."""
    name = f"ticket {tenant.tenant_id} {key}"
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def next_number(connection: Connection, tenant: TenantContext) -> int:
    """Counts up from 1, without gaps: a transaction that fails takes its number back."""
    statement = upsert(TicketNumberRow).values(tenant_id=tenant.tenant_id, last_number=1)
    return connection.execute(
        statement.on_conflict_do_update(
            index_elements=[TicketNumberRow.tenant_id], set_={"last_number": TicketNumberRow.last_number + 1}
        ).returning(TicketNumberRow.last_number)
    ).scalar_one()


def read_ticket(connection: Connection, tenant: TenantContext, ref: TicketRef, *, locked: bool = False) -> Ticket:
    """locked: until the transaction ends nobody else changes it. Raises NotFound, also for another tenant's."""
    column = TICKETS.c.ticket_id if isinstance(ref, UUID) else TICKETS.c.number
    query = select(TICKETS).where(TICKETS.c.tenant_id == tenant.tenant_id, column == ref)
    in_range = isinstance(ref, UUID) or 0 < ref < 2**63
    row = connection.execute(query.with_for_update() if locked else query).one_or_none() if in_range else None
    if row is None:
        what = "id" if isinstance(ref, UUID) else "number"
        raise NotFound(f"no ticket has the {what} {ref}", field="ticket")
    return ticket_of(row)


def find_ordered(connection: Connection, tenant: TenantContext, key: str) -> Ticket | None:
    """The ticket that the wish with this key opened."""
    query = select(TICKETS).where(TICKETS.c.tenant_id == tenant.tenant_id, TICKETS.c.order_key == key)
    row = connection.execute(query).one_or_none()
    return None if row is None else ticket_of(row)


def read_events(
    connection: Connection, tenant: TenantContext, ticket_id: UUID, *, after: int = 0, limit: int | None = None
) -> tuple[TicketEvent, ...]:
    """A ticket's with a higher number than `after`, in order."""
    query = select(EVENTS).where(
        EVENTS.c.tenant_id == tenant.tenant_id, EVENTS.c.ticket_id == ticket_id, EVENTS.c.number > after
    )
    return tuple(event_of(row) for row in connection.execute(query.order_by(EVENTS.c.number).limit(limit)))


def find_event(connection: Connection, tenant: TenantContext, request_key: str) -> tuple[UUID, TicketEvent] | None:
    """The ticket's id and the event that the wish with this key has made."""
    query = select(EVENTS).where(EVENTS.c.tenant_id == tenant.tenant_id, EVENTS.c.request_key == request_key)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.ticket_id, event_of(row))


def insert_ticket(
    connection: Connection, tenant: TenantContext, ticket: Ticket, event: TicketEvent, order_key: str | None
) -> None:
    """A new one, with its first event."""
    connection.execute(
        insert(TICKETS).values(
            tenant_id=tenant.tenant_id, order_key=order_key, search_text=_searched(ticket), **_values(ticket)
        )
    )
    _insert_event(connection, tenant, ticket, event, None)


def update_ticket(
    connection: Connection, tenant: TenantContext, ticket: Ticket, event: TicketEvent, request_key: str | None
) -> None:
    """As it stands after its next event, the row being locked."""
    statement = update(TICKETS).where(TICKETS.c.tenant_id == tenant.tenant_id, TICKETS.c.ticket_id == ticket.ticket_id)
    # What it was called before is still what somebody looks for.
    added = " ".join((event.changes.get("subject", ""), event.details.get("text", ""))).strip().lower()
    if added:
        found_by = func.left(TICKETS.c.search_text + " " + added, LONGEST_SEARCHED)
        statement = statement.values(search_text=found_by)
    connection.execute(statement.values(_values(ticket)))
    _insert_event(connection, tenant, ticket, event, request_key)


def ticket_of(row: Row[Any]) -> Ticket:
    """row: all columns of `tickets`."""
    return Ticket(
        ticket_id=row.ticket_id,
        number=row.number,
        subject=row.subject,
        created_at=row.created_at.replace(tzinfo=UTC),
        updated_at=row.updated_at.replace(tzinfo=UTC),
        version=row.version,
        description=row.description,
        status=row.status,
        priority=row.priority,
        requester=Requester(row.requester_name, row.requester_email, row.requester_phone),
        channel=row.channel,
        session_id=row.session_id,
        assigned_to=UUID(row.assigned_to) if row.assigned_to else None,
        team=row.team,
        tags=tuple(row.tags),
        details=row.details,
        first_response_minutes=row.first_response_minutes,
        first_response_due=row.first_response_due,
        first_response_at=row.first_response_at,
        resolution_minutes=row.resolution_minutes,
        resolution_due=row.resolution_due,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        paused_since=row.paused_since,
        paused_seconds=row.paused_seconds,
        merged_into=row.merged_into,
    )


def event_of(row: Row[Any]) -> TicketEvent:
    """row: all columns of `ticket_events`."""
    actor = Actor(row.actor, row.actor_id, row.actor_name)
    return TicketEvent(row.number, row.kind, actor, row.at, row.changes, row.details)


def _values(ticket: Ticket) -> dict[str, Any]:
    values: Mapping[str, Any] = vars(ticket)
    requester = {f"requester_{name}": value for name, value in asdict(ticket.requester).items()}
    kept = {name: value for name, value in values.items() if name != "requester"}
    return {
        **kept,
        **requester,
        "created_at": _without_zone(ticket.created_at),
        "updated_at": _without_zone(ticket.updated_at),
        "assigned_to": str(ticket.assigned_to) if ticket.assigned_to else None,
        "tags": list(ticket.tags),
        "details": dict(ticket.details),
    }


def _without_zone(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _searched(ticket: Ticket) -> str:
    asked_by = ticket.requester
    parts = (str(ticket.number), ticket.subject, ticket.description, asked_by.name, asked_by.email, asked_by.phone)
    return " ".join(part for part in parts if part).lower()[:LONGEST_SEARCHED]


def _insert_event(
    connection: Connection, tenant: TenantContext, ticket: Ticket, event: TicketEvent, request_key: str | None
) -> None:
    connection.execute(
        insert(EVENTS).values(
            tenant_id=tenant.tenant_id,
            ticket_id=ticket.ticket_id,
            number=event.number,
            kind=event.kind,
            actor=event.actor.kind,
            actor_id=event.actor.actor_id,
            actor_name=event.actor.name,
            changes=dict(event.changes),
            details=dict(event.details),
            request_key=request_key,
            at=event.at,
        )
    )
