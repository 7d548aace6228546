"""Customers, their notes, and a shop's products, orders and refunds: what built-in tools work on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import json, moment, money, tenant, text, uuid
from components.database.policies import protect

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLES = ("customers", "customer_notes", "shop_products", "shop_orders", "shop_refunds")


def upgrade() -> None:
    _create_customers()
    _create_customer_notes()
    _create_shop_products()
    _create_shop_orders()
    _create_shop_refunds()
    for table in _TABLES:
        protect(op, table)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_customers() -> None:
    op.create_table(
        "customers",
        *tenant("customers"),
        text("customer_id"),
        text("first_name", default=""),
        text("last_name", default=""),
        text("email", default=""),
        text("phone", default=""),
        json("address", default="{}"),
        json("details", default="{}"),
        moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "customer_id", name="pk_customers"),
    )
    op.create_index("ix_customers_tenant_id_email", "customers", ["tenant_id", "email"])


def _create_customer_notes() -> None:
    op.create_table(
        "customer_notes",
        *tenant("customer_notes"),
        uuid("note_id"),
        text("customer_id"),
        text("text"),
        text("author"),
        moment("created_at"),
        sa.PrimaryKeyConstraint("note_id", name="pk_customer_notes"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.customer_id"],
            name="fk_customer_notes_customer",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_customer_notes_tenant_id_customer_id_created_at",
        "customer_notes",
        ["tenant_id", "customer_id", "created_at"],
    )


def _create_shop_products() -> None:
    op.create_table(
        "shop_products",
        *tenant("shop_products"),
        text("product_id"),
        text("name"),
        json("variants", default="{}"),
        sa.PrimaryKeyConstraint("tenant_id", "product_id", name="pk_shop_products"),
    )


def _create_shop_orders() -> None:
    op.create_table(
        "shop_orders",
        *tenant("shop_orders"),
        text("order_number"),
        text("customer_id"),
        text("status"),
        text("currency", default="EUR"),
        money("total"),
        money("refunded", default="0"),
        json("address", default="{}"),
        json("items", default="[]"),
        json("payments", default="[]"),
        json("details", default="{}"),
        moment("ordered_at"),
        sa.PrimaryKeyConstraint("tenant_id", "order_number", name="pk_shop_orders"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.customer_id"],
            name="fk_shop_orders_customer",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_shop_orders_tenant_id_customer_id", "shop_orders", ["tenant_id", "customer_id"])


def _create_shop_refunds() -> None:
    op.create_table(
        "shop_refunds",
        *tenant("shop_refunds"),
        uuid("refund_id"),
        text("order_number"),
        money("amount"),
        text("reason"),
        uuid("invocation_id"),
        text("status", default="issued"),
        moment("created_at"),
        sa.PrimaryKeyConstraint("refund_id", name="pk_shop_refunds"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_number"],
            ["shop_orders.tenant_id", "shop_orders.order_number"],
            name="fk_shop_refunds_order",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("tenant_id", "invocation_id", name="uq_shop_refunds_tenant_id_invocation_id"),
    )
