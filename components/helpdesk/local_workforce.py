"""The work that this helpdesk does by itself: it opens a ticket, and a person does the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from sqlalchemy import func, select

from components.core.errors import InvalidInput
from components.core.tenant import TenantContext
from components.core.work import WorkDone, WorkKind, WorkOrder
from components.database.session import Database
from components.helpdesk.storable import storable
from components.helpdesk.tickets.recording import open_ticket
from components.helpdesk.tickets.ticket_event import Actor
from components.helpdesk.tickets.ticket_input import NewTicket
from components.helpdesk.work_schemas import SCHEMAS


class LocalWorkforce:
    """Keeps components.core.work.Workforce: the workflow `refund` and the tool `create_ticket`. Thread-safe.

    Each opens one ticket and says its number: nothing else is done, and nothing else may be claimed to be. An order
    is carried out once: its key finds the ticket that it opened.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def names(self, tenant: TenantContext) -> Mapping[WorkKind, frozenset[str]]:
        """The same for every tenant."""
        return {kind: frozenset(schemas) for kind, schemas in SCHEMAS.items()}

    def carry_out(self, tenant: TenantContext, order: WorkOrder, *, deadline: float) -> WorkDone:
        """values: `ticket_number`, `ticket_id`. Raises InvalidInput for an unknown name or arguments that do not fit,
        DatabaseUnavailable, also past the deadline."""
        new = _ticket(order, _checked(order))
        milliseconds = f"{max(deadline, 0.1) * 1000:.0f}"
        with self._database.tenant(tenant) as session:
            session.execute(select(func.set_config("statement_timeout", milliseconds, True)))
            ticket, _ = open_ticket(session, tenant, new, actor=Actor("bot"), order_key=order.key)
        return WorkDone({"ticket_number": ticket.number, "ticket_id": str(ticket.ticket_id)})


def _checked(order: WorkOrder) -> dict[str, Any]:
    """The arguments, once they are known to fit."""
    schemas = SCHEMAS[order.kind]
    if order.name not in schemas:
        raise InvalidInput(f"no {order.kind} is called {order.name!r}: there is {', '.join(schemas)}", field="name")
    arguments = dict(order.arguments)
    error = best_match(Draft202012Validator(schemas[order.name]).iter_errors(arguments))
    if error is not None:
        where = ".".join(("arguments", *(str(part) for part in error.absolute_path)))
        raise InvalidInput(f"{order.kind} {order.name!r}: {where}: {error.message[:300]}", field=where)
    for name, value in arguments.items():
        storable(name, "arguments")
        if isinstance(value, str):
            storable(value, f"arguments.{name}")
    return arguments


def _ticket(order: WorkOrder, arguments: dict[str, Any]) -> NewTicket:
    details = {order.kind: order.name, "goal": order.goal, "arguments": arguments}
    if order.name == "refund":
        subject, description, priority = f"Refund for order {arguments['order_number']}", arguments["reason"], "normal"
    else:
        subject, description = arguments["subject"], arguments["description"]
        priority = arguments.get("priority", "normal")
    return NewTicket(subject, description, priority, channel="bot", session_id=order.conversation_id, details=details)
