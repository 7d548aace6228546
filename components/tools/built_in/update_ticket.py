"""update_ticket: a ticket's status, priority and tags, and a comment on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from components.core.errors import InvalidInput
from components.helpdesk.tickets.changing import TRANSITIONS, Rules, changed, commented
from components.helpdesk.tickets.priorities import PRIORITIES
from components.helpdesk.tickets.recording import record
from components.helpdesk.tickets.store import read_rules_config, read_ticket
from components.helpdesk.tickets.ticket import STATUSES, Ticket
from components.helpdesk.tickets.ticket_input import (
    LONGEST_TEXT,
    MOST_TAGS,
    Comment,
    TicketChange,
    checked_change,
    checked_comment,
)
from components.tools.actors import actor_of
from components.tools.built_in.tickets import TICKET, ticket_ref
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse, Undo

_CHANGED = ("status", "priority", "tags")
_SPEC = ToolSpec(
    name="update_ticket",
    description="Changes a ticket's status, priority or tags, or adds a comment to it. Give what shall be different.",
    input_schema={
        "type": "object",
        "properties": {
            "ticket": TICKET,
            "status": {"enum": list(STATUSES)},
            "priority": {"enum": list(PRIORITIES)},
            "tags": {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": MOST_TAGS,
                "description": "All of them, as they shall be.",
            },
            "comment": {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT},
            "public": {
                "type": "boolean",
                "description": "Whether the customer may see the comment.",
            },
        },
        "required": ["ticket"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {
            "ticket_id": {"type": "string"},
            "ticket_number": {"type": "integer"},
            "status": {"type": "string"},
            "priority": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
    },
    side_effect="write",
    permitted=True,
    undoable=True,
)


class UpdateTicket:
    """Keeps components.tools.tool.LocalTool. Taking it back restores what was changed; what was said stays said."""

    spec = _SPEC

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        asked, tenant, connection = use.arguments, use.tenant.context, session.connection()
        wished = {name: asked[name] for name in _CHANGED if name in asked}
        if not wished and "comment" not in asked:
            raise InvalidInput(
                "nothing is to be changed: one of status, priority, tags and comment is needed", field="arguments"
            )
        before = read_ticket(connection, tenant, ticket_ref(asked["ticket"], "arguments.ticket"), locked=True)
        rules = Rules(read_rules_config(connection, tenant), max(datetime.now(UTC), before.updated_at))
        actor, ticket = actor_of(use.caller), before
        if wished:
            after = changed(before, checked_change(TicketChange(**wished)), rules)
            if after != before:
                ticket = record(connection, tenant, before, after, "changed", rules=rules, actor=actor)
        moved = ticket
        if "comment" in asked:
            said = checked_comment(Comment(asked["comment"], asked.get("public", False)))
            after = commented(ticket, said, rules)
            ticket = record(
                connection, tenant, ticket, after, "commented", rules=rules, actor=actor, details=asdict(said)
            )
        return ToolOutcome(_told(ticket), _undo(before, moved))


def _told(ticket: Ticket) -> Mapping[str, Any]:
    return {
        "ticket_id": str(ticket.ticket_id),
        "ticket_number": ticket.number,
        "status": ticket.status,
        "priority": ticket.priority,
        "tags": list(ticket.tags),
    }


def _undo(before: Ticket, after: Ticket) -> Undo | None:
    """None where nothing was changed, or no way leads back."""
    was, now = _told(before), _told(after)
    back = {name: was[name] for name in _CHANGED if was[name] != now[name]}
    if not back or ("status" in back and before.status not in TRANSITIONS[after.status]):
        return None
    return Undo(_SPEC.name, {"ticket": str(before.ticket_id), **back})
