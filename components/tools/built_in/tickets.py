"""Which ticket a tool is told of, however it is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from components.core.errors import InvalidInput
from components.helpdesk.tickets.store import TicketRef

TICKET: Mapping[str, Any] = {
    "type": ["string", "integer"],
    "maxLength": 60,
    "description": "Its id, or the number that customers are told.",
}


def ticket_ref(said: str | int, field: str) -> TicketRef:
    """Raises InvalidInput for what is neither an id nor a number."""
    text = str(said).strip().removeprefix("#")
    try:
        return int(text) if text.isascii() and text.isdigit() else UUID(text)
    except ValueError:
        raise InvalidInput(f"{field}={text[:60]!r}: a ticket's id or number is allowed", field=field) from None
