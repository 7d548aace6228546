"""Conversations and their messages, flows by version, NLU evaluations, and tickets that can be told by number."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from components.database.policies import APPEND_ONLY, protect

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_flows()
    _create_conversations()
    _create_understanding()
    _number_tickets()
    protect(op, "flow_releases", APPEND_ONLY)
    protect(op, "flow_activations", APPEND_ONLY)
    protect(op, "conversations")
    protect(op, "messages")
    protect(op, "ticket_numbers", ("SELECT", "INSERT", "UPDATE"))
    protect(op, "nlu_evaluations", APPEND_ONLY)


def downgrade() -> None:
    for name in ("uq_tickets_tenant_id_order_key", "uq_tickets_tenant_id_number"):
        op.drop_constraint(name, "tickets")
    for column in reversed(_ticket_columns()):
        op.drop_column("tickets", column.name)
    for table in (
        "nlu_evaluations",
        "ticket_numbers",
        "messages",
        "conversations",
        "flow_activations",
        "flow_releases",
    ):
        op.drop_table(table)


def _text(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default)


def _json(name: str, *, null: bool = False, default: str | None = None) -> sa.Column[Any]:
    return sa.Column(name, JSONB(), nullable=null, server_default=default)


def _integer(name: str, *, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default=default)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False)


def _maybe_moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True))


def _tenant(table: str) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    column: sa.Column[object] = sa.Column("tenant_id", sa.Uuid(), nullable=False)
    name = f"fk_{table}_tenant_id"
    return column, sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=name, ondelete="CASCADE")


def _create_flows() -> None:
    op.create_table(
        "flow_releases",
        *_tenant("flow_releases"),
        _integer("version"),
        _json("files"),
        _text("checksum"),
        _text("author"),
        _text("note"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "version", name="pk_flow_releases"),
        sa.CheckConstraint("version > 0", name="version"),
    )
    op.create_table(
        "flow_activations",
        *_tenant("flow_activations"),
        _integer("sequence"),
        _integer("version"),
        _text("author"),
        _moment("activated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "sequence", name="pk_flow_activations"),
    )


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        *_tenant("conversations"),
        _text("channel"),
        _json("customer", default="{}"),
        _text("status", default="bot"),
        _integer("flow_version"),
        _json("state", default="{}"),
        _text("language", null=True),
        _json("versions", default="{}"),
        _integer("last_sequence", default="0"),
        _json("handover", null=True),
        sa.Column("turn_owner", sa.Uuid()),
        _maybe_moment("turn_until"),
        _moment("created_at"),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("conversation_id", name="pk_conversations"),
        sa.UniqueConstraint("tenant_id", "conversation_id", name="uq_conversations_tenant_id_conversation_id"),
        sa.CheckConstraint("status IN ('bot', 'waiting', 'closed')", name="status"),
    )
    op.create_index("ix_conversations_tenant_id_updated_at", "conversations", ["tenant_id", "updated_at"])
    op.create_table(
        "messages",
        *_tenant("messages"),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        _integer("sequence"),
        _text("author"),
        _text("text"),
        _text("client_message_id", null=True),
        sa.Column("reply_to", sa.Integer()),
        _json("details", default="{}"),
        _maybe_moment("handled_at"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "conversation_id", "sequence", name="pk_messages"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "conversation_id"],
            ["conversations.tenant_id", "conversations.conversation_id"],
            name="fk_messages_conversation",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("tenant_id", "conversation_id", "client_message_id", name="uq_messages_client_message_id"),
        sa.CheckConstraint("author IN ('customer', 'bot', 'system')", name="author"),
    )
    op.create_index(
        "ix_messages_unhandled",
        "messages",
        ["tenant_id", "conversation_id"],
        postgresql_where=sa.text("author = 'customer' AND handled_at IS NULL"),
    )


def _create_understanding() -> None:
    op.create_table(
        "nlu_evaluations",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        *_tenant("nlu_evaluations"),
        _text("project"),
        _text("version"),
        _text("leader"),
        _json("engines"),
        sa.Column("promoted", sa.Boolean(), nullable=False),
        _text("reason"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("evaluation_id", name="pk_nlu_evaluations"),
    )
    op.create_index("ix_nlu_evaluations_tenant_id_created_at", "nlu_evaluations", ["tenant_id", "created_at"])


def _ticket_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("number", sa.BigInteger()),
        _text("subject", null=True),
        _json("details", default="{}"),
        _text("order_key", null=True),
    ]


def _number_tickets() -> None:
    op.create_table(
        "ticket_numbers",
        *_tenant("ticket_numbers"),
        _integer("last_number"),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_ticket_numbers"),
    )
    for column in _ticket_columns():
        op.add_column("tickets", column)
    for name in ("number", "order_key"):
        op.create_unique_constraint(f"uq_tickets_tenant_id_{name}", "tickets", ["tenant_id", name])
