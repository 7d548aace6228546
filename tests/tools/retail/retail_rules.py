"""The rules of the retail policy that several tools keep: whose an order is, its status, its items, how it is paid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from components.core.errors import NotFound, ToolRefused
from components.database.tables import CustomerRow, ShopOrderRow, ShopProductRow, ToolInvocationRow
from components.tools.tool import ToolUse

FINDERS = ("find_user_id_by_email", "find_user_id_by_name_zip")


def authenticated(session: Session, use: ToolUse) -> str | None:
    """Whom the conversation's earlier calls have found."""
    query = (
        select(ToolInvocationRow.result["user_id"].astext)
        .where(
            ToolInvocationRow.tenant_id == use.tenant.tenant_id,
            ToolInvocationRow.conversation_id == use.conversation_id,
            ToolInvocationRow.tool.in_(FINDERS),
            ToolInvocationRow.status == "done",
        )
        .limit(1)
    )
    return session.scalar(query) if use.conversation_id else None


def require_user(session: Session, use: ToolUse, user_id: str, what: str) -> None:
    """Raises ToolRefused where it is not the one customer of the conversation."""
    who = authenticated(session, use)
    if who is None:
        raise ToolRefused(f"{what}: nobody is authenticated yet, {' or '.join(FINDERS)} comes first")
    if who != user_id:
        raise ToolRefused(f"{what} is not one of {who}, whom this conversation is with")


def get_user(session: Session, use: ToolUse, user_id: str) -> CustomerRow:
    """Locked, if it is the conversation's. Raises NotFound, ToolRefused."""
    row = session.get(CustomerRow, (use.tenant.tenant_id, user_id), with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"no user has the id {user_id!r}", field="arguments.user_id")
    require_user(session, use, user_id, f"the profile {user_id}")
    return row


def get_order(session: Session, use: ToolUse, *statuses: str) -> ShopOrderRow:
    """Locked, in one of these statuses, if it is the conversation's. Raises NotFound, ToolRefused."""
    order_id = use.arguments["order_id"]
    row = session.get(ShopOrderRow, (use.tenant.tenant_id, order_id), with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"no order has the id {order_id!r}", field="arguments.order_id")
    require_user(session, use, row.customer_id, f"the order {order_id}")
    if statuses and row.status not in statuses:
        raise ToolRefused(
            f"the order {order_id} is {row.status}: one that is {' or '.join(statuses)} is allowed",
            field="arguments.order_id",
        )
    return row


def require_items(order: ShopOrderRow, item_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The items that are meant. Raises ToolRefused where the order has fewer of them."""
    missing = Counter(item_ids) - Counter(item["item_id"] for item in order.items)
    if missing:
        raise ToolRefused(
            f"item {next(iter(missing))} is not so often in the order {order.order_number}", field="arguments.item_ids"
        )
    return [next(item for item in order.items if item["item_id"] == each) for each in item_ids]


def require_variants(
    session: Session, use: ToolUse, items: Sequence[dict[str, Any]], new_item_ids: Sequence[str]
) -> list[dict[str, Any]]:
    """What is to take their place. Raises ToolRefused for another product's, one that is not to be had, or the same."""
    if len(items) != len(new_item_ids):
        raise ToolRefused(
            f"{len(items)} items and {len(new_item_ids)} new ones: as many of both are allowed",
            field="arguments.new_item_ids",
        )
    variants = []
    for item, new in zip(items, new_item_ids, strict=True):
        product = session.get_one(ShopProductRow, (use.tenant.tenant_id, item["product_id"]))
        variant = product.variants.get(new)
        if variant is None:
            raise ToolRefused(f"item {new} is no {product.name}", field="arguments.new_item_ids")
        if not variant["available"] or new == item["item_id"]:
            why = "is the one that there is" if new == item["item_id"] else "is not available"
            raise ToolRefused(f"item {new} {why}", field="arguments.new_item_ids")
        variants.append(variant)
    return variants


def payment_method(user: CustomerRow, method: str) -> dict[str, Any]:
    """Raises ToolRefused for one that the user does not have."""
    found: dict[str, Any] | None = user.details["payment_methods"].get(method)
    if found is None:
        raise ToolRefused(f"{method!r} is no payment method of {user.customer_id}", field="arguments.payment_method_id")
    return found


def pay(user: CustomerRow, method: str, amount: Decimal) -> None:
    """amount: below zero it is given back. Raises ToolRefused where a gift card does not hold so much."""
    kept = payment_method(user, method)
    if kept["source"] != "gift_card":
        return
    left = Decimal(str(kept["balance"])) - amount
    if amount > 0 and left < 0:
        raise ToolRefused(
            f"the gift card {method} holds {kept['balance']:.2f}, and {amount:.2f} are needed",
            field="arguments.payment_method_id",
        )
    methods = {**user.details["payment_methods"], method: {**kept, "balance": round(float(left), 2)}}
    user.details = {**user.details, "payment_methods": methods}


def price_of(items: Sequence[dict[str, Any]]) -> Decimal:
    return sum((Decimal(str(item["price"])) for item in items), Decimal(0))
