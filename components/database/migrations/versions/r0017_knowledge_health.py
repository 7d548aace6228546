"""Knowledge health: how soon changes are answered from, what checks found, what contradicts what, what is missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import (
    integer,
    json,
    maybe_moment,
    moment,
    tenant,
    text,
    uuid,
)
from components.database.policies import protect

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_TABLES = ("knowledge_changes", "knowledge_looks", "knowledge_checks", "knowledge_conflicts", "knowledge_gaps")


def upgrade() -> None:
    op.add_column("chunks", text("compared_as", null=True))
    _changes()
    _looks()
    _checks()
    _conflicts()
    _gaps()
    for table in _TABLES:
        protect(op, table)


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_column("chunks", "compared_as")


def _changes() -> None:
    op.create_table(
        "knowledge_changes",
        uuid("change_id"),
        *tenant("knowledge_changes"),
        text("document_id"),
        text("source"),
        text("kind"),
        maybe_moment("changed_at"),
        moment("seen_at"),
        maybe_moment("answerable_at"),
        sa.PrimaryKeyConstraint("change_id", name="pk_knowledge_changes"),
        sa.CheckConstraint("kind IN ('added', 'changed', 'removed')", name="ck_knowledge_changes_kind"),
    )
    op.create_index("ix_knowledge_changes_tenant_id_seen_at", "knowledge_changes", ["tenant_id", "seen_at"])
    op.create_index(
        "ix_knowledge_changes_open",
        "knowledge_changes",
        ["tenant_id", "document_id"],
        postgresql_where=sa.text("answerable_at IS NULL"),
    )


def _looks() -> None:
    op.create_table(
        "knowledge_looks",
        *tenant("knowledge_looks"),
        text("subject"),
        text("name"),
        maybe_moment("looked_at"),
        json("figures", default="{}"),
        maybe_moment("failed_at"),
        text("failure", null=True),
        sa.PrimaryKeyConstraint("tenant_id", "subject", "name", name="pk_knowledge_looks"),
    )


def _checks() -> None:
    op.create_table(
        "knowledge_checks",
        uuid("check_id"),
        *tenant("knowledge_checks"),
        text("name"),
        text("asset"),
        sa.Column("passed", sa.Boolean(), nullable=False),
        text("severity"),
        text("description"),
        json("figures"),
        moment("since"),
        moment("at"),
        integer("times"),
        sa.PrimaryKeyConstraint("check_id", name="pk_knowledge_checks"),
    )
    op.create_index("ix_knowledge_checks_tenant_id_name_at", "knowledge_checks", ["tenant_id", "name", "at"])


def _conflicts() -> None:
    op.create_table(
        "knowledge_conflicts",
        *tenant("knowledge_conflicts"),
        text("conflict_id"),
        sa.Column("index_version", sa.BigInteger(), nullable=False),
        text("first_chunk_id"),
        text("first_document_id"),
        text("first_sentence"),
        text("second_chunk_id"),
        text("second_document_id"),
        text("second_sentence"),
        text("kind"),
        text("why"),
        sa.Column("similarity", sa.Double(), nullable=False),
        moment("first_seen"),
        text("dismissed_by", null=True),
        maybe_moment("dismissed_at"),
        sa.PrimaryKeyConstraint("tenant_id", "conflict_id", name="pk_knowledge_conflicts"),
    )


def _gaps() -> None:
    op.create_table(
        "knowledge_gaps",
        *tenant("knowledge_gaps"),
        integer("rank"),
        text("label"),
        integer("questions"),
        json("examples"),
        json("trend"),
        json("nearest"),
        text("draft"),
        text("drafted_by"),
        moment("since"),
        moment("until"),
        sa.PrimaryKeyConstraint("tenant_id", "rank", name="pk_knowledge_gaps"),
    )
