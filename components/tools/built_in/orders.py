"""An order of the shop by its number, locked while a tool works on it, and as it is told."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from components.core.errors import InvalidInput, NotFound
from components.database.tables import ShopOrderRow
from components.tools.tool import ToolUse

ORDER_NUMBER: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 100}
CENT = Decimal("0.01")
# What shops call an order of which nothing has left yet, and one that its customer has had.
UNSENT = ("pending", "received", "on hold", "in preparation", "processing", "provisioning")
DELIVERED = ("delivered", "returned", "active")


def read_order(session: Session, use: ToolUse, *, locked: bool) -> ShopOrderRow:
    """The order that `order_number` names; customers leave a leading # or the letters before the digits out. locked:
    until the transaction ends nobody else changes it. Raises NotFound, InvalidInput where several end so."""
    said = use.arguments["order_number"].strip()
    number = said.removeprefix("#").strip().upper()
    column = ShopOrderRow.order_number
    named: ColumnElement[bool] = column.in_({said, number})
    if number.isascii() and number.isdigit():
        named = or_(named, column.endswith(f"-{number}", autoescape=True))
    query = (
        select(ShopOrderRow)
        .where(ShopOrderRow.tenant_id == use.tenant.tenant_id, named)
        .order_by(column)
        .limit(2)
        .execution_options(populate_existing=True)
    )
    found = session.scalars(query.with_for_update() if locked else query).all()
    exact = [order for order in found if order.order_number in (said, number)]
    if not found:
        raise NotFound(f"no order has the number {said!r}", field="arguments.order_number")
    if len(found) > 1 and len(exact) != 1:
        raise InvalidInput(
            f"order_number={said!r}: several orders end so, the whole number is allowed", field="arguments.order_number"
        )
    return (exact or found)[0]


def left_of(order: ShopOrderRow) -> Decimal:
    """What was paid and not given back."""
    paid = (Decimal(str(each["amount"])) for each in order.payments if each.get("kind") == "payment")
    return (sum(paid, Decimal(0)) - order.refunded).quantize(CENT)


def order_told(order: ShopOrderRow, *, with_address: bool) -> dict[str, Any]:
    """As JSON values."""
    told = {
        "order_number": order.order_number,
        "status": order.status,
        "currency": order.currency,
        "total": as_number(order.total),
        "refunded": as_number(order.refunded),
        "left": as_number(left_of(order)),
        "items": list(order.items),
        "ordered_at": order.ordered_at.isoformat(),
        "details": dict(order.details),
    }
    return {**told, "address": dict(order.address)} if with_address else told


def as_number(amount: Decimal) -> float:
    """In whole cents."""
    return float(amount.quantize(CENT))
