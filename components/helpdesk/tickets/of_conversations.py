"""Tickets of conversations that nobody can answer now: made once, and opened again when their customer is back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select

from components.core.errors import Conflict
from components.core.tenant import TenantContext
from components.core.tickets import TicketRequest
from components.database.session import Database
from components.helpdesk.tickets.recording import open_ticket
from components.helpdesk.tickets.search import TicketQuery
from components.helpdesk.tickets.ticket_event import Actor
from components.helpdesk.tickets.ticket_input import NewTicket, TicketChange
from components.helpdesk.tickets.tickets import Tickets


class ConversationTickets:
    """Keeps components.core.tickets.TicketOffice."""

    def __init__(self, database: Database, tickets: Tickets) -> None:
        self._database, self._tickets = database, tickets

    def create(self, tenant: TenantContext, request: TicketRequest, *, deadline: float) -> int:
        new = NewTicket(
            request.subject, request.description, request.priority, channel="bot", session_id=request.conversation_id
        )
        milliseconds = f"{max(deadline, 0.1) * 1000:.0f}"
        with self._database.tenant(tenant) as session:
            session.execute(select(func.set_config("statement_timeout", milliseconds, True)))
            ticket, _ = open_ticket(session, tenant, new, actor=Actor("bot"), order_key=request.key)
        return ticket.number

    def reopen(self, tenant: TenantContext, conversation_id: UUID) -> int | None:
        newest = self._tickets.search(tenant, TicketQuery(session_id=conversation_id, limit=1)).tickets
        if not newest:
            return None
        try:
            number = newest[0].ticket.number
            return self._tickets.change(
                tenant, number, TicketChange(status="open"), actor=Actor("customer")
            ).ticket.number
        except Conflict:
            # It was resolved too long ago, or goes on in another: the conversation waits in the queue all the same.
            return None
