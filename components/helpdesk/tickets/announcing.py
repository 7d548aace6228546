"""What an external ticket system is told of an event: queued in the transaction that made the event."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, insert

from components.core.tenant import TenantContext
from components.database.tables import OutboxRow
from components.helpdesk.tenant_config import TenantConfig
from components.helpdesk.tickets.ticket import Ticket, difference
from components.helpdesk.tickets.ticket_event import TicketEvent

WEBHOOK = "webhook"

_QUEUE = insert(OutboxRow)


def announce(
    connection: Connection, tenant: TenantContext, config: TenantConfig, ticket: Ticket, event: TicketEvent
) -> None:
    """Nothing where the tenant has no webhook. One lane a ticket: its events arrive in order."""
    if config.ticket_webhook is None:
        return
    connection.execute(
        _QUEUE,
        {
            "outbox_id": uuid4(),
            "tenant_id": tenant.tenant_id,
            "key": f"{WEBHOOK}/{ticket.ticket_id}/{event.number}",
            "lane": f"ticket/{ticket.ticket_id}",
            "kind": WEBHOOK,
            "payload": _told(tenant, ticket, event),
        },
    )


def ticket_json(ticket: Ticket) -> dict[str, Any]:
    """All of it as JSON values."""
    return difference(None, ticket) | {
        "version": ticket.version,
        "created_at": ticket.created_at.isoformat(),
        "updated_at": ticket.updated_at.isoformat(),
    }


def _told(tenant: TenantContext, ticket: Ticket, event: TicketEvent) -> dict[str, Any]:
    actor = event.actor
    return {
        "type": f"ticket.{event.kind}",
        "timestamp": event.at.isoformat(),
        "tenant_id": str(tenant.tenant_id),
        "event": {
            "number": event.number,
            "actor": {"kind": actor.kind, "id": actor.actor_id and str(actor.actor_id), "name": actor.name},
            "changes": dict(event.changes),
            "details": dict(event.details),
        },
        "ticket": ticket_json(ticket),
    }
