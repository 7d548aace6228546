"""The tickets of a tenant: opened, found and changed, each wish once, each change an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from components.core.errors import Conflict
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.tenant_config import TenantConfig
from components.helpdesk.tickets.changing import Rules, changed, commented, merged, moved
from components.helpdesk.tickets.recording import open_ticket, record
from components.helpdesk.tickets.search import TicketQuery, find_tickets
from components.helpdesk.tickets.sla import TicketClocks, read_clocks
from components.helpdesk.tickets.store import (
    TICKETS,
    TicketRef,
    find_event,
    lock_key,
    read_events,
    read_rules_config,
    read_ticket,
    require_agent,
    ticket_of,
)
from components.helpdesk.tickets.ticket import Ticket, apply
from components.helpdesk.tickets.ticket_event import Actor, EventKind, TicketEvent
from components.helpdesk.tickets.ticket_input import (
    Comment,
    NewTicket,
    TicketChange,
    checked_change,
    checked_comment,
    checked_key,
    checked_new,
)

MOST_EVENTS = 200
_SWEPT_AT_ONCE = 100


@dataclass(frozen=True)
class TicketView:
    """A ticket, and how its clocks stand."""

    ticket: Ticket
    clocks: TicketClocks


@dataclass(frozen=True)
class TicketPage:
    """Tickets, the newest first. next: the cursor of the page after it, "" at the end."""

    tickets: tuple[TicketView, ...]
    next: str


class Tickets:
    """One transaction a call. Every method raises DatabaseUnavailable; those that take a ticket, by its id or number,
    NotFound for one that the tenant does not have; those that change something InvalidInput for a bad value, Conflict
    where the ticket is not in a state that allows it.

    request_key: the caller's own key of the wish. The same one again changes nothing and gives what stands now; for
    another wish it is a Conflict.
    """

    def __init__(self, database: Database, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """clock: the present moment, with a time zone."""
        self._database, self._clock = database, clock

    def create(
        self, tenant: TenantContext, new: NewTicket, *, actor: Actor, request_key: str | None = None
    ) -> tuple[TicketView, bool]:
        """The ticket, and whether it was there before."""
        new = checked_new(new)
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            ticket, repeated = open_ticket(session, tenant, new, actor=actor, order_key=request_key, at=self._clock())
            if repeated:
                first = apply(None, read_events(connection, tenant, ticket.ticket_id, limit=1)[0])
                if any(getattr(first, each.name) != getattr(new, each.name) for each in fields(new)):
                    raise _taken(request_key, f"another ticket, number {ticket.number}")
            return self._view(connection, tenant, ticket), repeated

    def get(self, tenant: TenantContext, ref: TicketRef) -> TicketView:
        """As it stands."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            return self._view(connection, tenant, read_ticket(connection, tenant, ref))

    def history(
        self, tenant: TenantContext, ref: TicketRef, *, after: int = 0
    ) -> tuple[TicketView, tuple[TicketEvent, ...]]:
        """The ticket, and its events with a higher number than `after`, at most 200 of them."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            ticket = read_ticket(connection, tenant, ref)
            events = read_events(connection, tenant, ticket.ticket_id, after=after, limit=MOST_EVENTS)
            return self._view(connection, tenant, ticket), events

    def search(self, tenant: TenantContext, query: TicketQuery) -> TicketPage:
        """A page of those that fit. Raises InvalidInput."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            found, following = find_tickets(connection, tenant, query)
            config = read_rules_config(connection, tenant)
            return TicketPage(tuple(self._seen(each, config) for each in found), following)

    def change(
        self,
        tenant: TenantContext,
        ref: TicketRef,
        change: TicketChange,
        *,
        actor: Actor,
        request_key: str | None = None,
        version: int | None = None,
    ) -> TicketView:
        """version: that of the ticket which the caller has seen; where it has changed since, a Conflict. What is so
        already is no event."""
        wished = checked_change(change)

        def decide(connection: Connection, ticket: Ticket, rules: Rules) -> Ticket:
            if version is not None and version != ticket.version:
                raise Conflict(
                    f"version={version}: ticket {ticket.number} is at version {ticket.version}, read it again",
                    field="version",
                )
            if isinstance(wished.assigned_to, UUID) and wished.assigned_to != ticket.assigned_to:
                require_agent(connection, tenant, wished.assigned_to)
            return changed(ticket, wished, rules)

        return self._carry_out(tenant, ref, "changed", actor, decide, request_key)

    def comment(
        self,
        tenant: TenantContext,
        ref: TicketRef,
        comment: Comment,
        *,
        actor: Actor,
        request_key: str | None = None,
    ) -> TicketView:
        """With the comment as its newest event. A customer's opens it again; the first public one of staff is its
        first response."""
        said = checked_comment(comment)
        return self._carry_out(
            tenant,
            ref,
            "commented",
            actor,
            lambda _, ticket, rules: commented(ticket, said, rules),
            request_key,
            asdict(said),
        )

    def merge(
        self, tenant: TenantContext, ref: TicketRef, into: TicketRef, *, actor: Actor, request_key: str | None = None
    ) -> TicketView:
        """The other ticket, in which this one goes on; this one is closed, and refers to it."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            ids = [read_ticket(connection, tenant, each).ticket_id for each in (ref, into)]
            key = checked_key(request_key)
            if key is not None and _is_known(connection, tenant, ids[0], "merged", key, {"into": str(ids[1])}):
                return self._view(connection, tenant, read_ticket(connection, tenant, ids[1]))
            # Always in the same order, so that two who merge crosswise do not wait for each other.
            locked = {each: read_ticket(connection, tenant, each, locked=True) for each in sorted(set(ids))}
            source, target = (locked[each] for each in ids)
            rules = Rules(
                read_rules_config(connection, tenant), max(self._clock(), source.updated_at, target.updated_at)
            )
            after = merged(source, target, rules)
            details = {"into": str(target.ticket_id)}
            record(
                connection, tenant, source, after, "merged", rules=rules, actor=actor, details=details, request_key=key
            )
            details = {"ticket_id": str(source.ticket_id), "ticket_number": str(source.number)}
            target = record(connection, tenant, target, target, "absorbed", rules=rules, actor=actor, details=details)
            return self._seen(target, rules.config)

    def close_settled(self, tenant: TenantContext) -> int:
        """Closes tickets that were resolved so long ago that they can be opened no more; how many, at most 100."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            config, now = read_rules_config(connection, tenant), self._clock()
            window = timedelta(hours=config.handover.reopen_hours)
            query = (
                select(TICKETS)
                .where(
                    TICKETS.c.tenant_id == tenant.tenant_id,
                    TICKETS.c.status == "resolved",
                    TICKETS.c.resolved_at < now - window,
                )
                .order_by(TICKETS.c.number)
                .limit(_SWEPT_AT_ONCE)
                .with_for_update(skip_locked=True)
            )
            settled = [ticket_of(row) for row in connection.execute(query)]
            for ticket in settled:
                rules = Rules(config, max(now, ticket.updated_at))
                after = moved(ticket, "closed", rules)
                record(connection, tenant, ticket, after, "changed", rules=rules, actor=Actor("timer"))
            return len(settled)

    def _carry_out(
        self,
        tenant: TenantContext,
        ref: TicketRef,
        kind: EventKind,
        actor: Actor,
        decide: Callable[[Connection, Ticket, Rules], Ticket],
        request_key: str | None,
        details: Mapping[str, Any] = MappingProxyType({}),
    ) -> TicketView:
        key = checked_key(request_key)
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            ticket_id = read_ticket(connection, tenant, ref).ticket_id
            repeated = key is not None and _is_known(connection, tenant, ticket_id, kind, key, details)
            ticket = read_ticket(connection, tenant, ticket_id, locked=not repeated)
            rules = Rules(read_rules_config(connection, tenant), max(self._clock(), ticket.updated_at))
            if not repeated:
                after = decide(connection, ticket, rules)
                if after != ticket or details:
                    ticket = record(
                        connection,
                        tenant,
                        ticket,
                        after,
                        kind,
                        rules=rules,
                        actor=actor,
                        details=details,
                        request_key=key,
                    )
            return self._seen(ticket, rules.config)

    def _view(self, connection: Connection, tenant: TenantContext, ticket: Ticket) -> TicketView:
        return self._seen(ticket, read_rules_config(connection, tenant))

    def _seen(self, ticket: Ticket, config: TenantConfig) -> TicketView:
        now = max(self._clock(), ticket.updated_at)
        return TicketView(ticket, read_clocks(ticket, BusinessHours(config.handover), now))


def _is_known(
    connection: Connection,
    tenant: TenantContext,
    ticket_id: object,
    kind: EventKind,
    key: str,
    details: Mapping[str, Any],
) -> bool:
    """Whether this very wish was carried out before. Raises Conflict where the key was another wish's."""
    lock_key(connection, tenant, f"event {key}")
    known = find_event(connection, tenant, key)
    if known is None:
        return False
    if (known[0], known[1].kind, dict(known[1].details)) != (ticket_id, kind, dict(details)):
        raise _taken(key, "another wish")
    return True


def _taken(key: str | None, by: str) -> Conflict:
    return Conflict(f"key={key!r} was given to {by} before: a new wish needs a new one", field="Idempotency-Key")
