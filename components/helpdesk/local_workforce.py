"""The work that this helpdesk does by itself: it opens a ticket, and a person does the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from components.core.errors import InvalidInput
from components.core.tenant import TenantContext
from components.core.work import WorkDone, WorkKind, WorkOrder
from components.database.session import Database
from components.database.tables import TicketNumberRow, TicketRow
from components.helpdesk.audit import record_action
from components.helpdesk.storable import storable
from components.helpdesk.work_schemas import SCHEMAS

LONGEST_KEY = 500


@dataclass(frozen=True)
class _Ticket:
    subject: str
    priority: str
    details: dict[str, Any]


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
        ticket = _ticket(order, _checked(order))
        key = storable(order.key, "key")
        if not 1 <= len(key) <= LONGEST_KEY:
            raise InvalidInput(f"key has {len(key)} characters: 1 to {LONGEST_KEY} are allowed", field="key")
        milliseconds = f"{max(deadline, 0.1) * 1000:.0f}"
        with self._database.tenant(tenant) as session:
            session.execute(select(func.set_config("statement_timeout", milliseconds, True)))
            _one_at_a_time(session, tenant, key)
            known = session.execute(
                select(TicketRow.number, TicketRow.ticket_id).where(
                    TicketRow.tenant_id == tenant.tenant_id, TicketRow.order_key == key
                )
            ).one_or_none()
            number, ticket_id = known or _open(session, tenant, order, key, ticket)
        return WorkDone({"ticket_number": number, "ticket_id": str(ticket_id)})


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


def _ticket(order: WorkOrder, arguments: dict[str, Any]) -> _Ticket:
    details = {order.kind: order.name, "goal": order.goal, "arguments": arguments}
    if order.name == "refund":
        return _Ticket(f"Refund for order {arguments['order_number']}", "normal", details)
    return _Ticket(arguments["subject"], arguments.get("priority", "normal"), details)


def _one_at_a_time(session: Session, tenant: TenantContext, key: str) -> None:
    """Until the transaction ends, the same order given again waits, and then finds the ticket."""
    name = f"order {tenant.tenant_id} {key}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _open(session: Session, tenant: TenantContext, order: WorkOrder, key: str, ticket: _Ticket) -> tuple[int, UUID]:
    number = _next_number(session, tenant)
    ticket_id, now = uuid4(), func.timezone("utc", func.now())
    session.add(
        TicketRow(
            ticket_id=ticket_id,
            tenant_id=tenant.tenant_id,
            session_id=order.conversation_id,
            status="open",
            priority=ticket.priority,
            created_at=now,
            updated_at=now,
            number=number,
            subject=ticket.subject,
            details=ticket.details,
            order_key=key,
        )
    )
    details = {"ticket_id": str(ticket_id), "number": number, order.kind: order.name, "order_key": key}
    record_action(session, tenant.tenant_id, "ticket.opened", details)
    return number, ticket_id


def _next_number(session: Session, tenant: TenantContext) -> int:
    """Counts up from 1, without gaps: a transaction that fails takes its number back."""
    statement = insert(TicketNumberRow).values(tenant_id=tenant.tenant_id, last_number=1)
    return session.execute(
        statement.on_conflict_do_update(
            index_elements=[TicketNumberRow.tenant_id], set_={"last_number": TicketNumberRow.last_number + 1}
        ).returning(TicketNumberRow.last_number)
    ).scalar_one()
