"""lookup_order: how an order of the shop stands."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from components.tools.built_in.customers import OWNER, require_owner
from components.tools.built_in.orders import ORDER_NUMBER, order_told, read_order
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

# Who may see where somebody lives without saying who asks.
_STAFF = frozenset({"agent", "operator", "api"})
_SPEC = ToolSpec(
    name="lookup_order",
    description="Gives an order of the shop: status, items, what was paid and what was given back.",
    input_schema={
        "type": "object",
        "properties": {"order_number": ORDER_NUMBER, **OWNER},
        "required": ["order_number"],
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {
            "order_number": {"type": "string"},
            "status": {"type": "string"},
            "currency": {"type": "string"},
            "total": {"type": "number"},
            "refunded": {"type": "number"},
            "left": {"type": "number", "description": "What was paid and not given back."},
            "items": {"type": "array"},
            "ordered_at": {"type": "string"},
            "details": {"type": "object"},
            "address": {"type": "object", "description": "Only where it is shown that the owner asks."},
        },
    },
    side_effect="read",
)


class LookupOrder:
    """Keeps components.tools.tool.LocalTool."""

    spec = _SPEC

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        order = read_order(session, use, locked=False)
        shown = require_owner(session, use, order)
        return ToolOutcome(order_told(order, with_address=shown or use.caller.kind in _STAFF))
