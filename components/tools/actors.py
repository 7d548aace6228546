"""Who a caller of tools is to the tickets."""

from __future__ import annotations

from uuid import UUID

from components.helpdesk.tickets.ticket_event import Actor
from components.tools.tool import Caller


def actor_of(caller: Caller) -> Actor:
    """An agent's id is their own; whatever runs by itself is the bot."""
    if caller.kind == "agent":
        try:
            return Actor("agent", UUID(caller.id))
        except ValueError:
            return Actor("agent")
    if caller.kind in ("api", "mcp"):
        return Actor("api")
    return Actor("operator") if caller.kind == "operator" else Actor("bot")
