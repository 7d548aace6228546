"""The tools of tau2-bench's retail domain for our registry, built from its policy, over a tenant's shop."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from components.core.errors import InvalidInput, NotFound, ToolRefused
from components.database.tables import CustomerRow, ShopProductRow
from components.tools.tool import SideEffect, ToolOutcome, ToolSpec, ToolUse
from tests.tools.retail import retail_writes as writes
from tests.tools.retail.retail_data import Json, order_json, user_json
from tests.tools.retail.retail_rules import authenticated, get_order, get_user

Do = Callable[[Session, ToolUse], Json]
TEXT: Json = {"type": "string", "minLength": 1, "maxLength": 500}
ITEMS: Json = {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 100}
ADDRESS: Json = {**dict.fromkeys(writes.ADDRESS, TEXT), "address2": {"type": "string", "maxLength": 500}}
_ARITHMETIC: Mapping[type, Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class RetailTool:
    """Keeps components.tools.tool.LocalTool."""

    spec: ToolSpec
    do: Do

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return Decimal(0) if self.spec.side_effect == "money" else None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        return ToolOutcome(self.do(session, use))


def retail_tools() -> tuple[RetailTool, ...]:
    order = {"order_id": TEXT}
    changed = {**order, "item_ids": ITEMS, "new_item_ids": ITEMS, "payment_method_id": TEXT}
    return (
        _tool("find_user_id_by_email", _find_by_email, "read", {"email": TEXT}),
        _tool(
            "find_user_id_by_name_zip", _find_by_name, "read", dict.fromkeys(("first_name", "last_name", "zip"), TEXT)
        ),
        _tool(
            "get_user_details",
            lambda s, u: user_json(get_user(s, u, u.arguments["user_id"])),
            "read",
            {"user_id": TEXT},
        ),
        _tool("get_order_details", lambda s, u: order_json(get_order(s, u)), "read", order),
        _tool("get_product_details", _product, "read", {"product_id": TEXT}),
        _tool("get_item_details", _item, "read", {"item_id": TEXT}),
        _tool("list_all_product_types", _products, "read", {}),
        _tool("calculate", _calculate, "read", {"expression": {"type": "string", "maxLength": 200}}),
        _tool("transfer_to_human_agents", lambda s, u: {"transferred": True}, "write", {"summary": TEXT}),
        _tool(
            "cancel_pending_order",
            writes.cancel_pending_order,
            "money",
            {**order, "reason": {"enum": [*writes.REASONS]}},
        ),
        _tool("exchange_delivered_order_items", writes.exchange_delivered_order_items, "money", changed),
        _tool("modify_pending_order_items", writes.modify_pending_order_items, "money", changed),
        _tool(
            "return_delivered_order_items",
            writes.return_delivered_order_items,
            "money",
            {**order, "item_ids": ITEMS, "payment_method_id": TEXT},
        ),
        _tool(
            "modify_pending_order_payment",
            writes.modify_pending_order_payment,
            "money",
            {**order, "payment_method_id": TEXT},
        ),
        _tool("modify_pending_order_address", writes.modify_pending_order_address, "write", {**order, **ADDRESS}),
        _tool("modify_user_address", writes.modify_user_address, "write", {"user_id": TEXT, **ADDRESS}),
    )


def _tool(name: str, do: Do, side_effect: SideEffect, properties: Json) -> RetailTool:
    schema = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    about = name.replace("_", " ").capitalize() + "."
    return RetailTool(ToolSpec(name, about, schema, {"type": "object"}, side_effect, True, per_minute=6000), do)


def _find(session: Session, use: ToolUse, *conditions: Any) -> Json:
    """The one customer of the conversation: a second one is refused."""
    found = session.scalars(
        select(CustomerRow.customer_id).where(CustomerRow.tenant_id == use.tenant.tenant_id, *conditions)
    ).first()
    if found is None:
        raise NotFound("no user is known by that")
    who = authenticated(session, use)
    if who not in (None, found):
        raise ToolRefused(f"this conversation is with {who}: one customer a conversation is allowed")
    return {"user_id": found}


def _find_by_email(session: Session, use: ToolUse) -> Json:
    return _find(session, use, func.lower(CustomerRow.email) == use.arguments["email"].lower())


def _find_by_name(session: Session, use: ToolUse) -> Json:
    given = use.arguments
    return _find(
        session,
        use,
        func.lower(CustomerRow.first_name) == given["first_name"].lower(),
        func.lower(CustomerRow.last_name) == given["last_name"].lower(),
        CustomerRow.address["zip"].astext == given["zip"],
    )


def _product(session: Session, use: ToolUse) -> Json:
    row = session.get(ShopProductRow, (use.tenant.tenant_id, use.arguments["product_id"]))
    if row is None:
        raise NotFound(f"no product has the id {use.arguments['product_id']!r}", field="arguments.product_id")
    return {"product_id": row.product_id, "name": row.name, "variants": row.variants}


def _item(session: Session, use: ToolUse) -> Json:
    item_id = use.arguments["item_id"]
    query = select(ShopProductRow).where(
        ShopProductRow.tenant_id == use.tenant.tenant_id, ShopProductRow.variants.has_key(item_id)
    )
    row = session.scalars(query).first()
    if row is None:
        raise NotFound(f"no item has the id {item_id!r}", field="arguments.item_id")
    return {"product_id": row.product_id, **row.variants[item_id]}


def _products(session: Session, use: ToolUse) -> Json:
    rows = session.scalars(select(ShopProductRow).where(ShopProductRow.tenant_id == use.tenant.tenant_id))
    return {row.name: row.product_id for row in rows}


def _calculate(session: Session, use: ToolUse) -> Json:
    said = use.arguments["expression"]
    try:
        value = _value(ast.parse(said, mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise InvalidInput(
            f"expression={said!r}: numbers, + - * / and parentheses are allowed", field="arguments.expression"
        ) from error
    return {"value": str(round(float(value), 2))}


def _value(node: ast.expr) -> Decimal:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return Decimal(str(number))
        case ast.BinOp(left, kind, right) if type(kind) in _ARITHMETIC:
            return _ARITHMETIC[type(kind)](_value(left), _value(right))
        case ast.UnaryOp(ast.USub(), operand):
            return -_value(operand)
    raise ValueError(ast.dump(node))
