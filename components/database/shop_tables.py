"""Tables that built-in tools work on where a tenant has no systems of its own: customers (CRM), and a shop's orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, Json, Key, Moment, TenantId, TenantKey


class CustomerRow(Base):
    """A customer as the CRM knows them. customer_id: the tenant's own. details: JSON values, such as payment
    methods."""

    __tablename__ = "customers"
    __table_args__ = (Index(None, "tenant_id", "email"),)

    tenant_id: Mapped[TenantKey]
    customer_id: Mapped[str] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(server_default="")
    last_name: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str] = mapped_column(server_default="")
    phone: Mapped[str] = mapped_column(server_default="")
    address: Mapped[Json] = mapped_column(server_default="{}")
    details: Mapped[Json] = mapped_column(server_default="{}")
    created_at: Mapped[Moment]


class CustomerNoteRow(Base):
    """What somebody noted of a customer."""

    __tablename__ = "customer_notes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.customer_id"],
            name="fk_customer_notes_customer",
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "customer_id", "created_at"),
    )

    note_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    customer_id: Mapped[str]
    text: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[Moment]


class ShopProductRow(Base):
    """A product. variants: {item_id: {options, available, price}}."""

    __tablename__ = "shop_products"

    tenant_id: Mapped[TenantKey]
    product_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    variants: Mapped[Json] = mapped_column(server_default="{}")


class ShopOrderRow(Base):
    """An order. items: [{item_id, product_id, name, price, options}]. payments: [{kind, amount, method}], refunds
    among them. refunded: the sum of what was given back and not taken back."""

    __tablename__ = "shop_orders"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.customer_id"],
            name="fk_shop_orders_customer",
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "customer_id"),
    )

    tenant_id: Mapped[TenantKey]
    order_number: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    status: Mapped[str]
    currency: Mapped[str] = mapped_column(server_default="EUR")
    total: Mapped[Decimal]
    refunded: Mapped[Decimal] = mapped_column(server_default="0")
    address: Mapped[Json] = mapped_column(server_default="{}")
    items: Mapped[list[Any]] = mapped_column(server_default="[]")
    payments: Mapped[list[Any]] = mapped_column(server_default="[]")
    details: Mapped[Json] = mapped_column(server_default="{}")
    ordered_at: Mapped[Moment]


class ShopRefundRow(Base):
    """Money given back for an order. cancelled_at: when it was taken back again."""

    __tablename__ = "shop_refunds"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "order_number"],
            ["shop_orders.tenant_id", "shop_orders.order_number"],
            name="fk_shop_refunds_order",
            ondelete="CASCADE",
        ),
        UniqueConstraint("tenant_id", "invocation_id"),
    )

    refund_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    order_number: Mapped[str]
    amount: Mapped[Decimal]
    reason: Mapped[str]
    invocation_id: Mapped[UUID] = mapped_column(Uuid)
    status: Mapped[str] = mapped_column(server_default="issued")
    created_at: Mapped[Moment]
