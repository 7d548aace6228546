"""Tickets of conversations that wait for a person, kept where the helpdesk's own work keeps its tickets."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select

from components.core.tenant import TenantContext
from components.core.tickets import TicketRequest
from components.core.work import Workforce, WorkOrder
from components.database.session import Database
from components.database.tables import TicketRow

OVER = ("resolved", "closed")
OPEN = "open"


class LocalTickets:
    """Keeps components.core.tickets.TicketOffice."""

    def __init__(self, database: Database, workforce: Workforce) -> None:
        self._database, self._workforce = database, workforce

    def create(self, tenant: TenantContext, request: TicketRequest, *, deadline: float) -> int:
        arguments = {"subject": request.subject, "description": request.description, "priority": request.priority}
        order = WorkOrder("tool", "create_ticket", arguments, request.key, request.conversation_id)
        return int(self._workforce.carry_out(tenant, order, deadline=deadline).values["ticket_number"])

    def reopen(self, tenant: TenantContext, conversation_id: UUID) -> int | None:
        newest = (
            select(TicketRow)
            .where(TicketRow.tenant_id == tenant.tenant_id, TicketRow.session_id == conversation_id)
            .order_by(TicketRow.number.desc())
            .limit(1)
            .with_for_update()
        )
        with self._database.tenant(tenant) as session:
            ticket = session.scalars(newest).one_or_none()
            if ticket is None:
                return None
            if ticket.status in OVER:
                ticket.status, ticket.updated_at = OPEN, func.timezone("utc", func.now())
            return ticket.number
