"""refund_order: money back for a delivered order, never more than was paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from components.core.errors import InvalidInput, ToolRefused
from components.database.tables import ShopOrderRow, ShopRefundRow
from components.tools.built_in.customers import OWNER, require_owner
from components.tools.built_in.orders import CENT, DELIVERED, ORDER_NUMBER, as_number, left_of, read_order
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse, Undo

_SPEC = ToolSpec(
    name="refund_order",
    description="Gives money back for a delivered order to the payment method it was paid with. Without an amount, all "
    "that was paid and not given back yet.",
    input_schema={
        "type": "object",
        "properties": {
            "order_number": ORDER_NUMBER,
            "reason": {"type": "string", "minLength": 1, "maxLength": 2000},
            "amount": {"type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000_000},
            **OWNER,
        },
        "required": ["order_number", "reason"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {
            "refund_id": {"type": "string"},
            "order_number": {"type": "string"},
            "amount": {"type": "number"},
            "currency": {"type": "string"},
            "method": {"type": "string"},
            "left": {"type": "number", "description": "What was paid and is not given back."},
        },
    },
    side_effect="money",
    undoable=True,
)


class RefundOrder:
    """Keeps components.tools.tool.LocalTool. The order is locked from the moment at which its price is known."""

    spec = _SPEC

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return _refundable(session, use)[1]

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        order, amount = _refundable(session, use)
        refund_id, method = uuid4(), _method(order)
        session.add(
            ShopRefundRow(
                refund_id=refund_id,
                tenant_id=use.tenant.tenant_id,
                order_number=order.order_number,
                amount=amount,
                reason=use.arguments["reason"],
                invocation_id=use.invocation_id,
            )
        )
        order.refunded += amount
        told = as_number(amount)
        order.payments = [
            *order.payments,
            {"kind": "refund", "amount": told, "method": method, "refund_id": str(refund_id)},
        ]
        result = {
            "refund_id": str(refund_id),
            "order_number": order.order_number,
            "amount": told,
            "currency": order.currency,
            "method": method,
            "left": as_number(left_of(order)),
        }
        return ToolOutcome(result, Undo("cancel_refund", {"refund_id": str(refund_id)}))


def _refundable(session: Session, use: ToolUse) -> tuple[ShopOrderRow, Decimal]:
    """The order, locked, and what would be given back. Raises as the tool does."""
    order = read_order(session, use, locked=True)
    require_owner(session, use, order)
    if order.status not in DELIVERED:
        raise ToolRefused(
            f"the order {order.order_number} is {order.status}: one that is {' or '.join(DELIVERED)} can be refunded",
            field="arguments.order_number",
        )
    left = left_of(order)
    amount = _amount(use.arguments.get("amount"), left)
    if amount > left or left <= 0:
        raise ToolRefused(
            f"amount={amount}: of the order {order.order_number} {left} {order.currency} are left to be given back",
            field="arguments.amount",
        )
    return order, amount


def _amount(said: Any, left: Decimal) -> Decimal:
    if said is None:
        return left
    amount = Decimal(str(said))
    if amount != amount.quantize(CENT):
        raise InvalidInput(f"amount={said}: whole cents are allowed", field="arguments.amount")
    return amount.quantize(CENT)


def _method(order: ShopOrderRow) -> str:
    paid = (each.get("method", "") for each in order.payments if each.get("kind") == "payment")
    return str(next(paid, ""))
