"""The kinds of columns and keys that migrations are written with; a kind that exists is never changed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


def text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def json(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, JSONB(), nullable=null, server_default=default)


def integer(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=null, server_default=default)


def seconds(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=True)


def boolean(name: str, default: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=default)


def money(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(20, 10), nullable=null, server_default=default)


def uuid(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid(), nullable=null)


def moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False)


def maybe_moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True))


def tenant(table: str) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    """The column tenant_id, whose tenant takes the row along."""
    column: sa.Column[object] = sa.Column("tenant_id", sa.Uuid(), nullable=False)
    name = f"fk_{table}_tenant_id"
    return column, sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=name, ondelete="CASCADE")


def of_conversation(table: str) -> sa.ForeignKeyConstraint:
    """The conversation of the same tenant, which takes the row along."""
    return sa.ForeignKeyConstraint(
        ["tenant_id", "conversation_id"],
        ["conversations.tenant_id", "conversations.conversation_id"],
        name=f"fk_{table}_conversation",
        ondelete="CASCADE",
    )
