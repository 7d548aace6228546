"""find_customer: who a customer is, what they have ordered, and what was noted of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from components.core.errors import InvalidInput
from components.database.tables import CustomerNoteRow, CustomerRow, ShopOrderRow
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

MOST_CUSTOMERS, MOST_OF_EACH = 10, 10
_TEXT = {"type": "string", "minLength": 1, "maxLength": 254}
_BY = ("customer_id", "email", "phone", "name")
_SPEC = ToolSpec(
    name="find_customer",
    description="Finds customers by id, e-mail address, telephone number or part of the name, with their newest orders "
    "and notes.",
    input_schema={
        "type": "object",
        "properties": dict.fromkeys(_BY, _TEXT),
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {
            "customers": {"type": "array", "items": {"type": "object"}},
            "more": {"type": "boolean", "description": "Whether there are others beside them."},
        },
    },
    side_effect="read",
)


class FindCustomer:
    """Keeps components.tools.tool.LocalTool."""

    spec = _SPEC

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        query = select(CustomerRow).where(CustomerRow.tenant_id == use.tenant.tenant_id, *_conditions(use))
        found = session.scalars(query.order_by(CustomerRow.customer_id).limit(MOST_CUSTOMERS + 1)).all()
        told = [_told(session, each) for each in found[:MOST_CUSTOMERS]]
        return ToolOutcome({"customers": told, "more": len(found) > MOST_CUSTOMERS})


def _conditions(use: ToolUse) -> Iterator[ColumnElement[bool]]:
    """Raises InvalidInput where nothing is asked for."""
    asked = {name: said.strip() for name, said in use.arguments.items()}
    digits = "".join(each for each in asked.get("phone", "") if each in "0123456789")
    if not asked or not all(asked.values()) or ("phone" in asked and not digits):
        raise InvalidInput(f"one of {', '.join(_BY)} is needed, and none of them blank", field="arguments")
    if "customer_id" in asked:
        yield CustomerRow.customer_id == asked["customer_id"]
    if "email" in asked:
        yield func.lower(CustomerRow.email) == asked["email"].lower()
    if digits:
        yield func.regexp_replace(CustomerRow.phone, "[^0-9]", "", "g") == digits
    if "name" in asked:
        whole = func.concat(CustomerRow.first_name, " ", CustomerRow.last_name)
        yield whole.icontains(asked["name"], autoescape=True)


def _told(session: Session, customer: CustomerRow) -> dict[str, Any]:
    return {
        "customer_id": customer.customer_id,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "email": customer.email,
        "phone": customer.phone,
        "address": dict(customer.address),
        "orders": [
            {"order_number": order.order_number, "status": order.status} for order in _newest(session, customer)
        ],
        "notes": [
            {"note_id": str(note.note_id), "text": note.text, "author": note.author, "at": note.created_at.isoformat()}
            for note in _notes(session, customer)
        ],
    }


def _newest(session: Session, customer: CustomerRow) -> Sequence[ShopOrderRow]:
    query = (
        select(ShopOrderRow)
        .where(ShopOrderRow.tenant_id == customer.tenant_id, ShopOrderRow.customer_id == customer.customer_id)
        .order_by(ShopOrderRow.ordered_at.desc(), ShopOrderRow.order_number)
        .limit(MOST_OF_EACH)
    )
    return session.scalars(query).all()


def _notes(session: Session, customer: CustomerRow) -> Sequence[CustomerNoteRow]:
    query = (
        select(CustomerNoteRow)
        .where(CustomerNoteRow.tenant_id == customer.tenant_id, CustomerNoteRow.customer_id == customer.customer_id)
        .order_by(CustomerNoteRow.created_at.desc())
        .limit(MOST_OF_EACH)
    )
    return session.scalars(query).all()
