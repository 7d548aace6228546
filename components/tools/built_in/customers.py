"""Who is asked for: customers as the CRM knows them, and whether what is asked for is theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from components.core.errors import NotFound, ToolRefused
from components.database.tables import CustomerRow, ShopOrderRow
from components.helpdesk.conversations.store import read_conversation
from components.tools.tool import ToolUse

# Arguments of every tool for an order that say whose it should be.
OWNER: Mapping[str, Any] = {
    "email": {"type": "string", "maxLength": 254, "description": "Of the customer who asks: the order must be theirs."},
    "customer_id": {"type": "string", "maxLength": 200, "description": "Of the customer who asks, likewise."},
}


def get_customer(session: Session, use: ToolUse, customer_id: str) -> CustomerRow:
    """Raises NotFound."""
    found = session.get(CustomerRow, (use.tenant.tenant_id, customer_id))
    if found is None:
        raise NotFound(f"no customer has the id {customer_id[:100]!r}", field="arguments.customer_id")
    return found


def customers_with_email(session: Session, use: ToolUse, email: str) -> list[CustomerRow]:
    """However it is written; the oldest first. Of a blank one nobody's."""
    if not email.strip():
        return []
    query = (
        select(CustomerRow)
        .where(CustomerRow.tenant_id == use.tenant.tenant_id, func.lower(CustomerRow.email) == email.strip().lower())
        .order_by(CustomerRow.created_at, CustomerRow.customer_id)
        .limit(20)
    )
    return list(session.scalars(query))


def require_owner(session: Session, use: ToolUse, order: ShopOrderRow) -> bool:
    """Whether it is shown whose the order is. Raises ToolRefused where it is somebody else's than the customer of the
    conversation, or than who is said to ask; NotFound for a conversation that there is not."""
    owner = get_customer(session, use, order.customer_id)
    said = use.arguments.get("customer_id")
    if said is not None and said != owner.customer_id:
        raise ToolRefused(
            f"the order {order.order_number} is not one of customer {said[:100]!r}", field="arguments.customer_id"
        )
    emails = list(_emails(session, use))
    for email in emails:
        if email.strip().lower() != owner.email.strip().lower() or not owner.email:
            raise ToolRefused(f"the order {order.order_number} is not one of {email[:254]}", field="arguments.email")
    return said is not None or bool(emails)


def _emails(session: Session, use: ToolUse) -> Iterator[str]:
    if "email" in use.arguments:
        yield use.arguments["email"]
    if use.conversation_id is not None:
        conversation = read_conversation(session.connection(), use.tenant.context, use.conversation_id)
        known = conversation.customer.get("email")
        if isinstance(known, str) and known.strip():
            yield known
