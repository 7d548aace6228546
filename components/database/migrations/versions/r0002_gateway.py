"""Prompts by version, what models cost, and the lineage of every answer."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from components.database.policies import APPEND_ONLY, protect

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MONEY = sa.Numeric(20, 10)


def upgrade() -> None:
    for column in _lineage():
        op.add_column("answers", column)
    op.create_index("ix_answers_tenant_id_trace_id", "answers", ["tenant_id", "trace_id"])
    _create_prompts()
    _create_costs()
    protect(op, "prompts", APPEND_ONLY)
    protect(op, "prompt_activations", APPEND_ONLY)
    protect(op, "model_calls", APPEND_ONLY)
    protect(op, "model_spending", ("SELECT", "INSERT", "UPDATE"))


def downgrade() -> None:
    for table in ("model_spending", "model_calls", "prompt_activations", "prompts"):
        op.drop_table(table)
    op.drop_index("ix_answers_tenant_id_trace_id", "answers")
    for column in reversed(_lineage()):
        op.drop_column("answers", column.name)


def _lineage() -> list[sa.Column[Any]]:
    return [
        sa.Column("trace_id", sa.Text()),
        sa.Column("top_k", sa.SmallInteger()),
        sa.Column("used", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("prompt_id", sa.Text()),
        sa.Column("prompt_version", sa.Integer()),
        sa.Column("provider", sa.Text()),
        sa.Column("input_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost", _MONEY, server_default="0", nullable=False),
        sa.Column("currency", sa.Text()),
        sa.Column("cache_hit", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("retries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("generation", JSONB(), server_default="{}", nullable=False),
    ]


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False)


def _tenant(table: str) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    column: sa.Column[object] = sa.Column("tenant_id", sa.Uuid(), nullable=False)
    name = f"fk_{table}_tenant_id"
    return column, sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=name, ondelete="CASCADE")


def _create_prompts() -> None:
    op.create_table(
        "prompts",
        *_tenant("prompts"),
        _text("prompt_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("system"),
        _text("user"),
        _text("author"),
        _text("note"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "prompt_id", "version", name="pk_prompts"),
        sa.CheckConstraint("version > 0", name="ck_prompts_version"),
    )
    op.create_table(
        "prompt_activations",
        *_tenant("prompt_activations"),
        _text("prompt_id"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("author"),
        _moment("activated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "prompt_id", "sequence", name="pk_prompt_activations"),
    )


def _create_costs() -> None:
    op.create_table(
        "model_calls",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        *_tenant("model_calls"),
        _text("model"),
        _text("provider"),
        _count("input_tokens"),
        _count("output_tokens"),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("cost", _MONEY, nullable=False),
        _text("currency"),
        sa.Column("error", sa.Text()),
        sa.Column("seconds", sa.Double(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("call_id", name="pk_model_calls"),
    )
    op.create_index("ix_model_calls_tenant_id_created_at", "model_calls", ["tenant_id", "created_at"])
    op.create_table(
        "model_spending",
        *_tenant("model_spending"),
        sa.Column("day", sa.Date(), nullable=False),
        _text("model"),
        _count("calls"),
        _count("input_tokens"),
        _count("output_tokens"),
        sa.Column("cost", _MONEY, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "day", "model", name="pk_model_spending"),
    )
