"""The one place where a ticket changes: an event, the row it makes, and word of it, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from components.core.tenant import TenantContext
from components.helpdesk.audit import record_action
from components.helpdesk.tickets.announcing import announce
from components.helpdesk.tickets.changing import Rules, opened
from components.helpdesk.tickets.store import (
    find_ordered,
    insert_ticket,
    lock_key,
    next_number,
    read_rules_config,
    require_agent,
    update_ticket,
)
from components.helpdesk.tickets.ticket import Ticket, apply, difference
from components.helpdesk.tickets.ticket_event import Actor, EventKind, TicketEvent
from components.helpdesk.tickets.ticket_input import NewTicket, checked_key, checked_new


def open_ticket(
    session: Session,
    tenant: TenantContext,
    new: NewTicket,
    *,
    actor: Actor,
    order_key: str | None = None,
    at: datetime | None = None,
) -> tuple[Ticket, bool]:
    """A new ticket, and whether it was there before: the same order_key finds the one that it opened.

    at: the moment, now by default. Raises InvalidInput.
    """
    new, key = checked_new(new), checked_key(order_key)
    connection = session.connection()
    if key is not None:
        lock_key(connection, tenant, f"order {key}")
        known = find_ordered(connection, tenant, key)
        if known is not None:
            return known, True
    if new.assigned_to is not None:
        require_agent(connection, tenant, new.assigned_to)
    rules = Rules(read_rules_config(connection, tenant), at or datetime.now(UTC))
    ticket = opened(new, rules, uuid4(), next_number(connection, tenant))
    event = TicketEvent(1, "created", actor, rules.at, difference(None, ticket))
    ticket = apply(None, event)
    insert_ticket(connection, tenant, ticket, event, key)
    announce(connection, tenant, rules.config, ticket, event)
    told = {"ticket_id": str(ticket.ticket_id), "number": ticket.number, "actor": actor.kind, "order_key": key}
    record_action(session, tenant.tenant_id, "ticket.opened", told)
    return ticket, False


def record(
    connection: Connection,
    tenant: TenantContext,
    before: Ticket,
    after: Ticket,
    kind: EventKind,
    *,
    rules: Rules,
    actor: Actor,
    details: Mapping[str, Any] = MappingProxyType({}),
    request_key: str | None = None,
) -> Ticket:
    """The ticket as it stands then. before: as it is stored, its row locked."""
    event = TicketEvent(before.version + 1, kind, actor, rules.at, difference(before, after), details)
    ticket = apply(before, event)
    update_ticket(connection, tenant, ticket, event, request_key)
    announce(connection, tenant, rules.config, ticket, event)
    return ticket
