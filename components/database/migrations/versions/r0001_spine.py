"""The registry of tenants, their knowledge, its evaluation, their answers, tickets and audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from components.database.policies import APPEND_ONLY, close_registry, open_registry, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "tenants",
    "api_keys",
    "raw_documents",
    "documents",
    "document_problems",
    "chunks",
    "evaluation_sets",
    "index_evaluations",
    "answers",
    "feedback",
    "tickets",
    "audit_logs",
)


def upgrade() -> None:
    _create_registry()
    _create_knowledge()
    _create_evaluation()
    _create_answers()
    _create_casework()
    for table in _TABLES[1:-1]:
        protect(op, table)
    protect(op, "tenants", ("SELECT", "UPDATE (name, config_json, updated_at)"))
    protect(op, "audit_logs", APPEND_ONLY)
    open_registry(op)


def downgrade() -> None:
    close_registry(op)
    for table in reversed(_TABLES):
        op.drop_table(table)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=null)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False)


def _tenant(table: str) -> tuple[sa.Column[object], sa.ForeignKeyConstraint]:
    column: sa.Column[object] = sa.Column("tenant_id", sa.Uuid(), nullable=False)
    name = f"fk_{table}_tenant_id"
    return column, sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name=name, ondelete="CASCADE")


def _create_registry() -> None:
    op.create_table(
        "tenants",
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        _text("name"),
        _text("domain"),
        sa.Column("config_json", JSONB(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(), server_default=sa.func.now()),
        sa.Column("updated_at", sa.TIMESTAMP(), server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("tenant_id", name="pk_tenants"),
        sa.UniqueConstraint("domain", name="uq_tenants_domain"),
    )
    op.create_table(
        "api_keys",
        _text("key_id"),
        *_tenant("api_keys"),
        _text("key_hash"),
        _text("label"),
        _moment("created_at"),
        sa.Column("last_used_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("revoked_at", sa.TIMESTAMP(timezone=True)),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
    )
    op.create_index("ix_api_keys_tenant_id", "api_keys", ["tenant_id"])


def _create_knowledge() -> None:
    op.create_table(
        "raw_documents",
        *_tenant("raw_documents"),
        _text("document_id"),
        _text("source"),
        _text("path"),
        _text("media_type"),
        _text("checksum"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        _moment("seen_at"),
        sa.PrimaryKeyConstraint("tenant_id", "document_id", name="pk_raw_documents"),
    )
    op.create_table(
        "documents",
        *_tenant("documents"),
        _text("document_id"),
        _text("source"),
        _text("title"),
        _text("markdown"),
        _text("checksum"),
        sa.Column("chunked_as", sa.Text(), nullable=True),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "document_id", name="pk_documents"),
    )
    op.create_table(
        "document_problems",
        *_tenant("document_problems"),
        _text("document_id"),
        _text("reason"),
        _text("message"),
        _moment("seen_at"),
        sa.PrimaryKeyConstraint("tenant_id", "document_id", name="pk_document_problems"),
    )
    op.create_table(
        "chunks",
        *_tenant("chunks"),
        _text("chunk_id"),
        _text("document_id"),
        _text("title"),
        sa.Column("heading_path", sa.ARRAY(sa.Text()), nullable=False),
        _text("text"),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "chunk_id", name="pk_chunks"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "document_id"],
            ["documents.tenant_id", "documents.document_id"],
            name="fk_chunks_tenant_id_document_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_chunks_tenant_id_document_id", "chunks", ["tenant_id", "document_id"])


def _create_evaluation() -> None:
    op.create_table(
        "evaluation_sets",
        *_tenant("evaluation_sets"),
        _text("name"),
        _text("version"),
        sa.Column("queries", JSONB(), nullable=False),
        sa.Column("qrels", JSONB(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "name", "version", name="pk_evaluation_sets"),
    )
    op.create_table(
        "index_evaluations",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        *_tenant("index_evaluations"),
        sa.Column("index_version", sa.BigInteger(), nullable=False),
        _text("set_name"),
        _text("set_version"),
        _text("pipeline"),
        sa.Column("metrics", JSONB(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("promoted", sa.Boolean(), nullable=False),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("evaluation_id", name="pk_index_evaluations"),
    )
    op.create_index("ix_index_evaluations_tenant_id_created_at", "index_evaluations", ["tenant_id", "created_at"])


def _create_answers() -> None:
    op.create_table(
        "answers",
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        *_tenant("answers"),
        _text("question"),
        _text("text"),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        _text("model"),
        _text("pipeline"),
        sa.Column("index_version", sa.BigInteger(), nullable=False),
        sa.Column("citations", JSONB(), nullable=False),
        sa.Column("passages", JSONB(), nullable=False),
        sa.Column("seconds", JSONB(), nullable=False),
        _text("channel"),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("answer_id", name="pk_answers"),
        sa.UniqueConstraint("tenant_id", "answer_id", name="uq_answers_tenant_id_answer_id"),
    )
    op.create_index("ix_answers_tenant_id_created_at", "answers", ["tenant_id", "created_at"])
    op.create_table(
        "feedback",
        sa.Column("feedback_id", sa.Uuid(), nullable=False),
        *_tenant("feedback"),
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("rating", sa.SmallInteger(), nullable=False),
        _text("comment", null=True),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("feedback_id", name="pk_feedback"),
        sa.UniqueConstraint("answer_id", name="uq_feedback_answer_id"),
        sa.CheckConstraint("rating IN (-1, 1)", name="ck_feedback_rating"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "answer_id"],
            ["answers.tenant_id", "answers.answer_id"],
            name="fk_feedback_tenant_id_answer_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_feedback_tenant_id", "feedback", ["tenant_id"])


def _create_casework() -> None:
    op.create_table(
        "tickets",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        *_tenant("tickets"),
        sa.Column("session_id", sa.Uuid()),
        _text("status", null=True),
        _text("priority", null=True),
        _text("assigned_to", null=True),
        sa.Column("created_at", sa.TIMESTAMP()),
        sa.Column("updated_at", sa.TIMESTAMP()),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_tickets"),
    )
    op.create_index("ix_tickets_tenant_id", "tickets", ["tenant_id"])
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_tenant("audit_logs"),
        sa.Column("user_id", sa.Uuid()),
        _text("action", null=True),
        sa.Column("metadata", JSONB()),
        sa.Column("timestamp", sa.TIMESTAMP()),
        sa.PrimaryKeyConstraint("id", name="pk_audit_logs"),
    )
    op.create_index("ix_audit_logs_tenant_id_timestamp", "audit_logs", ["tenant_id", "timestamp"])
