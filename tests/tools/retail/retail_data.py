"""The retail domain of tau2-bench (MIT): its database and tasks as JSON, and as rows of a tenant's shop and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import CustomerRow, ShopOrderRow, ShopProductRow

Json = dict[str, Any]
HERE = Path(__file__).parent
CUT = HERE / "retail_cut.json"
_PLACE = Path("shared") / "data" / "agents" / "tau2_retail"
# Of an order, in columns of their own; the rest is in its details.
_OF_ORDER = ("order_id", "user_id", "address", "items", "status", "payment_history")


@dataclass(frozen=True)
class Action:
    """One call that a task expects."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    task_id: str
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Retail:
    """database: {users, orders, products}, each by id."""

    database: Json
    tasks: tuple[Task, ...]


def find_folder() -> Path | None:
    """The whole data set, where it lies beside the project."""
    return next((each / _PLACE for each in HERE.parents if (each / _PLACE / "retail_db.json").exists()), None)


def read_all(folder: Path) -> Retail:
    """The data set as it is published."""
    database = json.loads((folder / "retail_db.json").read_text(encoding="utf-8"))
    tasks = json.loads((folder / "retail_tasks.json").read_text(encoding="utf-8"))
    return Retail(database, tuple(_task(each["id"], each["evaluation_criteria"]["actions"]) for each in tasks))


def read_cut() -> Retail:
    """A few of its tasks with their rows, which come with the project."""
    kept = json.loads(CUT.read_text(encoding="utf-8"))
    return Retail(kept["database"], tuple(_task(each["id"], each["actions"]) for each in kept["tasks"]))


def _task(task_id: str, actions: Iterable[Json] | None) -> Task:
    return Task(task_id, tuple(Action(each["name"], each["arguments"]) for each in actions or ()))


def load(database: Database, tenant: Tenant, state: Json) -> None:
    """All of it into the tenant's empty tables."""
    with database.tenant(tenant.context) as session:
        for table, rows in (
            (CustomerRow, [customer_values(tenant, each) for each in state["users"].values()]),
            (ShopProductRow, [{"tenant_id": tenant.tenant_id, **each} for each in state["products"].values()]),
            (ShopOrderRow, [order_values(tenant, each) for each in state["orders"].values()]),
        ):
            session.execute(insert(table), rows)


def customer_values(tenant: Tenant, user: Json) -> Json:
    return {
        "tenant_id": tenant.tenant_id,
        "customer_id": user["user_id"],
        "first_name": user["name"]["first_name"],
        "last_name": user["name"]["last_name"],
        "email": user["email"],
        "address": user["address"],
        "details": {"payment_methods": user["payment_methods"], "orders": user["orders"]},
    }


def order_values(tenant: Tenant, order: Json) -> Json:
    return {
        "tenant_id": tenant.tenant_id,
        "order_number": order["order_id"],
        "customer_id": order["user_id"],
        "status": order["status"],
        "currency": "USD",
        "total": sum((Decimal(str(item["price"])) for item in order["items"]), Decimal(0)),
        "address": order["address"],
        "items": order["items"],
        "payments": order["payment_history"],
        "details": {name: value for name, value in order.items() if name not in _OF_ORDER},
    }


def user_json(row: CustomerRow) -> Json:
    return {
        "user_id": row.customer_id,
        "name": {"first_name": row.first_name, "last_name": row.last_name},
        "address": dict(row.address),
        "email": row.email,
        "payment_methods": row.details["payment_methods"],
        "orders": row.details["orders"],
    }


def order_json(row: ShopOrderRow) -> Json:
    own = (row.order_number, row.customer_id, dict(row.address), list(row.items), row.status, list(row.payments))
    return {**dict(zip(_OF_ORDER, own, strict=True)), **row.details}


def part_of(state: Json, user_id: str | None) -> Json:
    """One user and their orders, and all products."""
    return {
        "users": {key: each for key, each in state["users"].items() if key == user_id},
        "orders": {key: each for key, each in state["orders"].items() if each["user_id"] == user_id},
        "products": state["products"],
    }


def read_state(session: Session, user_id: str | None = None) -> Json:
    """What the tenant's rows, or those of one user, have come to, in the form that they came from."""
    users, orders, products = select(CustomerRow), select(ShopOrderRow), select(ShopProductRow)
    if user_id is not None:
        users = users.where(CustomerRow.customer_id == user_id)
        orders = orders.where(ShopOrderRow.customer_id == user_id)
    return {
        "users": {row.customer_id: user_json(row) for row in session.scalars(users)},
        "orders": {row.order_number: order_json(row) for row in session.scalars(orders)},
        "products": {
            row.product_id: {"product_id": row.product_id, "name": row.name, "variants": row.variants}
            for row in session.scalars(products)
        },
    }


def restore(session: Session, tenant: Tenant, state: Json, differing: Iterable[tuple[str, str]]) -> None:
    """These rows, by table and id, as `state` has them."""
    for table, key in differing:
        if table == "users":
            session.merge(CustomerRow(**customer_values(tenant, state[table][key])))
        elif table == "orders":
            session.merge(ShopOrderRow(**order_values(tenant, state[table][key])))
