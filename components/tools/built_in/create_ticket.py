"""create_ticket: a case for a person, opened once."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from components.helpdesk.tickets.priorities import PRIORITIES
from components.helpdesk.tickets.recording import open_ticket
from components.helpdesk.tickets.ticket import Requester
from components.helpdesk.tickets.ticket_event import Actor
from components.helpdesk.tickets.ticket_input import LONGEST_SUBJECT, LONGEST_TEXT, NewTicket
from components.tools.actors import actor_of
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse, Undo

_SPEC = ToolSpec(
    name="create_ticket",
    description="Opens a ticket for the people of the helpdesk, and gives its number.",
    input_schema={
        "type": "object",
        "properties": {
            "subject": {"type": "string", "minLength": 1, "maxLength": LONGEST_SUBJECT},
            "description": {"type": "string", "maxLength": LONGEST_TEXT},
            "priority": {"enum": list(PRIORITIES)},
            "email": {"type": "string", "maxLength": 254, "description": "Of the customer who asked for it."},
            "name": {"type": "string", "maxLength": 200, "description": "Of the customer who asked for it."},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 20},
        },
        "required": ["subject"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "ticket_id": {"type": "string"},
            "ticket_number": {"type": "integer"},
        },
    },
    side_effect="write",
    permitted=True,
    undoable=True,
)


class CreateTicket:
    """Keeps components.tools.tool.LocalTool. Taking it back resolves the ticket."""

    spec = _SPEC

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        asked = use.arguments
        new = NewTicket(
            asked["subject"],
            asked.get("description", ""),
            asked.get("priority", "normal"),
            requester=Requester(asked.get("name", ""), asked.get("email", "")),
            channel="bot" if use.conversation_id else "api",
            session_id=use.conversation_id,
            tags=tuple(asked.get("tags", ())),
            details={"tool": _SPEC.name, "caller": use.caller.kind, "invocation_id": str(use.invocation_id)},
        )
        actor: Actor = actor_of(use.caller)
        ticket, _ = open_ticket(session, use.tenant.context, new, actor=actor, order_key=f"tool/{use.invocation_id}")
        result = {"id": str(ticket.ticket_id), "ticket_id": str(ticket.ticket_id), "ticket_number": ticket.number}
        return ToolOutcome(result, Undo("update_ticket", {"ticket": str(ticket.number), "status": "resolved"}))
