"""The retail tools that change something: the policy's refusals are their own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from components.core.errors import ToolRefused
from components.database.tables import CustomerRow, ShopOrderRow
from components.tools.tool import ToolUse
from tests.tools.retail.retail_data import Json, order_json, user_json
from tests.tools.retail.retail_rules import (
    get_order,
    get_user,
    pay,
    payment_method,
    price_of,
    require_items,
    require_variants,
)

ADDRESS = ("address1", "address2", "city", "state", "country", "zip")
REASONS = ("no longer needed", "ordered by mistake")


def _owner(session: Session, use: ToolUse, order: ShopOrderRow) -> CustomerRow:
    return get_user(session, use, order.customer_id)


def cancel_pending_order(session: Session, use: ToolUse) -> Json:
    order = get_order(session, use, "pending")
    user = _owner(session, use, order)
    for paid in order.payments:
        pay(user, paid["payment_method_id"], -Decimal(str(paid["amount"])))
    order.payments = [*order.payments, *({**paid, "transaction_type": "refund"} for paid in order.payments)]
    order.status, order.details = "cancelled", {**order.details, "cancel_reason": use.arguments["reason"]}
    return order_json(order)


def exchange_delivered_order_items(session: Session, use: ToolUse) -> Json:
    order = get_order(session, use, "delivered")
    difference = _difference(session, use, order)[0]
    user, method = _owner(session, use, order), use.arguments["payment_method_id"]
    kept = payment_method(user, method)
    if kept["source"] == "gift_card" and Decimal(str(kept["balance"])) < difference:
        raise ToolRefused(f"the gift card {method} does not hold {difference}", field="arguments.payment_method_id")
    order.status = "exchange requested"
    order.details = {
        **order.details,
        "exchange_items": sorted(use.arguments["item_ids"]),
        "exchange_new_items": sorted(use.arguments["new_item_ids"]),
        "exchange_payment_method_id": method,
        "exchange_price_difference": round(float(difference), 2),
    }
    return order_json(order)


def return_delivered_order_items(session: Session, use: ToolUse) -> Json:
    order = get_order(session, use, "delivered")
    require_items(order, use.arguments["item_ids"])
    method = use.arguments["payment_method_id"]
    kept, first = payment_method(_owner(session, use, order), method), order.payments[0]["payment_method_id"]
    if kept["source"] != "gift_card" and method != first:
        raise ToolRefused(
            f"a refund goes to {first}, which the order was paid with, or to a gift card",
            field="arguments.payment_method_id",
        )
    order.status = "return requested"
    order.details = {
        **order.details,
        "return_items": sorted(use.arguments["item_ids"]),
        "return_payment_method_id": method,
    }
    return order_json(order)


def modify_pending_order_items(session: Session, use: ToolUse) -> Json:
    order = get_order(session, use, "pending")
    difference, items, variants = _difference(session, use, order)
    user, method = _owner(session, use, order), use.arguments["payment_method_id"]
    payment_method(user, method)
    pay(user, method, difference)
    waiting = list(zip(items, variants, strict=True))
    changed: list[Any] = []
    for item in order.items:
        found = next((pair for pair in waiting if pair[0]["item_id"] == item["item_id"]), None)
        if found is None:
            changed.append(item)
            continue
        waiting.remove(found)
        changed.append({**item, **{name: found[1][name] for name in ("item_id", "price", "options")}})
    order.items, order.status = changed, "pending (items modified)"
    paid = {
        "transaction_type": "payment" if difference > 0 else "refund",
        "amount": round(float(abs(difference)), 2),
        "payment_method_id": method,
    }
    order.payments = [*order.payments, paid]
    return order_json(order)


def modify_pending_order_payment(session: Session, use: ToolUse) -> Json:
    order, method = get_order(session, use, "pending"), use.arguments["payment_method_id"]
    user = _owner(session, use, order)
    payment_method(user, method)
    if len(order.payments) != 1 or order.payments[0]["transaction_type"] != "payment":
        raise ToolRefused(f"the order {order.order_number} was not paid in one payment", field="arguments.order_id")
    (first,) = order.payments
    if first["payment_method_id"] == method:
        raise ToolRefused(
            f"the order is paid with {method}: another one is allowed", field="arguments.payment_method_id"
        )
    amount = Decimal(str(first["amount"]))
    pay(user, method, amount)
    pay(user, first["payment_method_id"], -amount)
    order.payments = [first, {**first, "payment_method_id": method}, {**first, "transaction_type": "refund"}]
    return order_json(order)


def modify_pending_order_address(session: Session, use: ToolUse) -> Json:
    order = get_order(session, use, "pending")
    order.address = {name: use.arguments[name] for name in ADDRESS}
    return order_json(order)


def modify_user_address(session: Session, use: ToolUse) -> Json:
    user = get_user(session, use, use.arguments["user_id"])
    user.address = {name: use.arguments[name] for name in ADDRESS}
    return user_json(user)


def _difference(
    session: Session, use: ToolUse, order: ShopOrderRow
) -> tuple[Decimal, list[dict[str, Any]], list[dict[str, Any]]]:
    """What the new items cost more, the old ones, and the new ones."""
    items = require_items(order, use.arguments["item_ids"])
    variants = require_variants(session, use, items, use.arguments["new_item_ids"])
    return price_of(variants) - price_of(items), items, variants
