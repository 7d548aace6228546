"""cancel_refund: takes back a refund that should not have been."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from components.core.errors import InvalidInput, NotFound, ToolRefused
from components.database.tables import ShopOrderRow, ShopRefundRow
from components.tools.built_in.orders import as_number, left_of
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

_SPEC = ToolSpec(
    name="cancel_refund",
    description="Takes a refund of an order back: the money stays paid.",
    input_schema={
        "type": "object",
        "properties": {"refund_id": {"type": "string", "maxLength": 60}},
        "required": ["refund_id"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {
            "refund_id": {"type": "string"},
            "order_number": {"type": "string"},
            "amount": {"type": "number"},
            "left": {"type": "number"},
        },
    },
    side_effect="money",
)


class CancelRefund:
    """Keeps components.tools.tool.LocalTool."""

    spec = _SPEC

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return _read(session, use)[1].amount

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        order, refund = _read(session, use)
        if refund.status != "issued":
            raise ToolRefused(f"the refund {refund.refund_id} is {refund.status} already", field="arguments.refund_id")
        refund.status = "cancelled"
        order.refunded -= refund.amount
        order.payments = [each for each in order.payments if each.get("refund_id") != str(refund.refund_id)]
        return ToolOutcome(
            {
                "refund_id": str(refund.refund_id),
                "order_number": order.order_number,
                "amount": as_number(refund.amount),
                "left": as_number(left_of(order)),
            }
        )


def _read(session: Session, use: ToolUse) -> tuple[ShopOrderRow, ShopRefundRow]:
    """The order first, as every tool locks it. Raises NotFound, InvalidInput."""
    said = use.arguments["refund_id"]
    try:
        refund_id = UUID(said)
    except ValueError:
        raise InvalidInput(f"refund_id={said!r}: a refund's id is allowed", field="arguments.refund_id") from None
    of_refund = (ShopRefundRow.tenant_id == use.tenant.tenant_id, ShopRefundRow.refund_id == refund_id)
    order = session.scalars(
        select(ShopOrderRow)
        .where(ShopOrderRow.tenant_id == use.tenant.tenant_id)
        .where(ShopOrderRow.order_number == select(ShopRefundRow.order_number).where(*of_refund).scalar_subquery())
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if order is None:
        raise NotFound(f"no refund has the id {said}", field="arguments.refund_id")
    refund = select(ShopRefundRow).where(*of_refund).with_for_update().execution_options(populate_existing=True)
    return order, session.scalars(refund).one()
