"""change_address: where an order that has not left yet is sent to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from components.core.errors import ToolRefused
from components.tools.built_in.customers import OWNER, require_owner
from components.tools.built_in.orders import ORDER_NUMBER, UNSENT, read_order
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse, Undo

_LINE: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}
_NEEDED = ("street", "city", "zip", "country")
_ADDRESS: Mapping[str, Any] = {
    "type": "object",
    "properties": dict.fromkeys(("name", "street", "extra", "city", "zip", "state", "country"), _LINE),
    "required": list(_NEEDED),
    "additionalProperties": False,
}
_SPEC = ToolSpec(
    name="change_address",
    description="Changes where an order is sent to, as long as it has not been handed to the carrier.",
    input_schema={
        "type": "object",
        "properties": {"order_number": ORDER_NUMBER, "address": _ADDRESS, **OWNER},
        "required": ["order_number", "address"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {"order_number": {"type": "string"}, "address": {"type": "object"}},
    },
    side_effect="write",
    undoable=True,
)


class ChangeAddress:
    """Keeps components.tools.tool.LocalTool. Taking it back needs an order that has still not left."""

    spec = _SPEC

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        order = read_order(session, use, locked=True)
        require_owner(session, use, order)
        if order.status not in UNSENT:
            raise ToolRefused(
                f"the order {order.order_number} is {order.status}: only where it is sent that is "
                f"{' or '.join(UNSENT)} can be changed",
                field="arguments.order_number",
            )
        before, order.address = dict(order.address), dict(use.arguments["address"])
        whole = before.keys() <= _ADDRESS["properties"].keys() and all(before.get(name) for name in _NEEDED)
        back = Undo(_SPEC.name, {"order_number": order.order_number, "address": before}) if whole else None
        return ToolOutcome({"order_number": order.order_number, "address": order.address}, back)
