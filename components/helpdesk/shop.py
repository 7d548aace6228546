"""Takes a shop's file into a tenant's tables: what is new is added, what is there stays as it has become since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects.postgresql import insert

from components.core.errors import InvalidInput
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import CustomerRow, ShopOrderRow, ShopProductRow
from components.helpdesk.audit import record_action
from components.helpdesk.shop_file import OrderEntry, ShopFile

CUSTOMERS = CustomerRow.metadata.tables[CustomerRow.__tablename__]
PRODUCTS = ShopProductRow.metadata.tables[ShopProductRow.__tablename__]
ORDERS = ShopOrderRow.metadata.tables[ShopOrderRow.__tablename__]


@dataclass(frozen=True)
class ImportedShop:
    """How many were added; the others were there."""

    customers: int
    products: int
    orders: int


def import_shop(database: Database, tenant: TenantContext, shop: ShopFile) -> ImportedShop:
    """One transaction; the same file again adds nothing. Raises InvalidInput for an order of a customer that there is
    not, DatabaseUnavailable."""
    with database.tenant(tenant) as session:
        connection = session.connection()
        customers = _add(connection, tenant, CUSTOMERS, [each.model_dump(mode="json") for each in shop.customers])
        products = _add(connection, tenant, PRODUCTS, [each.model_dump(mode="json") for each in shop.products])
        addresses = _addresses(connection, tenant)
        for order in shop.orders:
            if order.customer_id not in addresses:
                raise InvalidInput(
                    f"order {order.order_number}: customer_id={order.customer_id!r} is no customer of the file or the "
                    "tenant",
                    field="orders",
                )
        orders = _add(connection, tenant, ORDERS, [_order(each, addresses[each.customer_id]) for each in shop.orders])
        imported = ImportedShop(customers, products, orders)
        if imported != ImportedShop(0, 0, 0):
            record_action(session, tenant.tenant_id, "shop.imported", vars(imported))
        return imported


def _add(connection: Connection, tenant: TenantContext, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    if not rows:
        return 0
    new = insert(table).values([{"tenant_id": tenant.tenant_id, **row} for row in rows])
    first = next(iter(table.primary_key.columns))
    return len(connection.execute(new.on_conflict_do_nothing().returning(first)).all())


def _addresses(connection: Connection, tenant: TenantContext) -> dict[str, Any]:
    query = select(CUSTOMERS.c.customer_id, CUSTOMERS.c.address).where(CUSTOMERS.c.tenant_id == tenant.tenant_id)
    return {row.customer_id: row.address for row in connection.execute(query)}


def _order(entry: OrderEntry, home: Mapping[str, Any]) -> Mapping[str, Any]:
    paid = {"kind": "payment", "amount": float(entry.total), "method": entry.method}
    return {
        **entry.model_dump(exclude={"items", "delivery", "method"}),
        "details": entry.model_dump(mode="json")["details"],
        "total": entry.total,
        "address": entry.address or dict(home),
        "items": [item.model_dump(mode="json") | {"price": float(item.price)} for item in entry.items],
        "payments": [paid] if entry.method else [],
    }
