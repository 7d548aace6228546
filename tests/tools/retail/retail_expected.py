"""What a task's calls should come to: each field that the policy says changes, on the JSON, without our tools."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.tools.retail.retail_data import Action, Json, Task

Args = Mapping[str, Any]
ADDRESS = ("address1", "address2", "city", "state", "country", "zip")


def expected_state(database: Json, task: Task) -> tuple[Json, tuple[str, ...]]:
    """What a task's calls come to, and those among them that the policy forbids, which change nothing."""
    state: Json = copy.deepcopy(database)
    forbidden = []
    for action in task.actions:
        change = _CHANGES.get(action.name)
        if change is None:
            continue
        if _is_forbidden(state, action):
            forbidden.append(action.name)
        else:
            change(state, action.arguments)
    return state, tuple(forbidden)


def differing(one: Json, other: Json) -> Iterator[tuple[str, str]]:
    """The rows, by table and id, that are not equal; sums to the cent."""
    for table in one:
        for key in sorted(one[table].keys() | other[table].keys()):
            mine, theirs = one[table].get(key), other[table].get(key)
            if mine != theirs and _rounded(mine) != _rounded(theirs):
                yield table, key


def user_of(database: Json, task: Task) -> str | None:
    """Whom a task is about; None where its calls name nobody."""
    for action in task.actions:
        given = action.arguments
        if "user_id" in given:
            return str(given["user_id"])
        if given.get("order_id") in database["orders"]:
            return str(database["orders"][given["order_id"]]["user_id"])
    return None


def _is_forbidden(state: Json, action: Action) -> bool:
    """Whether the order's status, or the gift card that is to pay the difference, is against it. Nothing else is in the
    published tasks."""
    given = action.arguments
    order = state["orders"].get(given.get("order_id"))
    if order is None:
        return False
    if order["status"] != ("pending" if "pending" in action.name else "delivered"):
        return True
    if "new_item_ids" not in given:
        return False
    card = state["users"][order["user_id"]]["payment_methods"][given["payment_method_id"]]
    return card["source"] == "gift_card" and Decimal(str(card["balance"])) < _difference(state, given)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, list) else value


def _money(amount: Decimal) -> float:
    return float(round(amount, 2))


def _sum(prices: Iterator[Any]) -> Decimal:
    return sum((Decimal(str(price)) for price in prices), Decimal(0))


def _pay(state: Json, user_id: str, method: str, amount: Decimal) -> None:
    """A gift card's balance is what is left of it; every other method keeps no balance here."""
    kept = state["users"][user_id]["payment_methods"][method]
    if kept["source"] == "gift_card":
        kept["balance"] = _money(Decimal(str(kept["balance"])) - amount)


def _cancel(state: Json, given: Args) -> None:
    order = state["orders"][given["order_id"]]
    order["status"], order["cancel_reason"] = "cancelled", given["reason"]
    for paid in list(order["payment_history"]):
        order["payment_history"].append({**paid, "transaction_type": "refund"})
        _pay(state, order["user_id"], paid["payment_method_id"], -Decimal(str(paid["amount"])))


def _variants(state: Json) -> Json:
    return {key: each for product in state["products"].values() for key, each in product["variants"].items()}


def _difference(state: Json, given: Args) -> Decimal:
    prices = {item["item_id"]: item["price"] for item in state["orders"][given["order_id"]]["items"]}
    new = _sum(_variants(state)[each]["price"] for each in given["new_item_ids"])
    return new - _sum(prices[each] for each in given["item_ids"])


def _exchange(state: Json, given: Args) -> None:
    state["orders"][given["order_id"]] |= {
        "status": "exchange requested",
        "exchange_items": sorted(given["item_ids"]),
        "exchange_new_items": sorted(given["new_item_ids"]),
        "exchange_payment_method_id": given["payment_method_id"],
        "exchange_price_difference": _money(_difference(state, given)),
    }


def _return(state: Json, given: Args) -> None:
    state["orders"][given["order_id"]] |= {
        "status": "return requested",
        "return_items": sorted(given["item_ids"]),
        "return_payment_method_id": given["payment_method_id"],
    }


def _modify_items(state: Json, given: Args) -> None:
    order, difference, method = (
        state["orders"][given["order_id"]],
        _difference(state, given),
        given["payment_method_id"],
    )
    for old, new in zip(given["item_ids"], given["new_item_ids"], strict=True):
        item = next(each for each in order["items"] if each["item_id"] == old)
        variant = _variants(state)[new]
        item |= {"item_id": new, "price": variant["price"], "options": variant["options"]}
    kind = "payment" if difference > 0 else "refund"
    order["payment_history"].append(
        {"transaction_type": kind, "amount": _money(abs(difference)), "payment_method_id": method}
    )
    order["status"] = "pending (items modified)"
    _pay(state, order["user_id"], method, difference)


def _modify_payment(state: Json, given: Args) -> None:
    order, method = state["orders"][given["order_id"]], given["payment_method_id"]
    (first,) = order["payment_history"]
    amount = Decimal(str(first["amount"]))
    order["payment_history"] += [
        {"transaction_type": "payment", "amount": first["amount"], "payment_method_id": method},
        {**first, "transaction_type": "refund"},
    ]
    _pay(state, order["user_id"], method, amount)
    _pay(state, order["user_id"], first["payment_method_id"], -amount)


def _order_address(state: Json, given: Args) -> None:
    state["orders"][given["order_id"]]["address"] = {name: given[name] for name in ADDRESS}


def _user_address(state: Json, given: Args) -> None:
    state["users"][given["user_id"]]["address"] = {name: given[name] for name in ADDRESS}


_CHANGES: Mapping[str, Callable[[Json, Args], None]] = {
    "cancel_pending_order": _cancel,
    "exchange_delivered_order_items": _exchange,
    "return_delivered_order_items": _return,
    "modify_pending_order_items": _modify_items,
    "modify_pending_order_payment": _modify_payment,
    "modify_pending_order_address": _order_address,
    "modify_user_address": _user_address,
}
