"""Declared plans: how a tenant has goals reached without a language model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import boolean, integer, moment, tenant, text
from components.database.policies import protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "goal_plans",
        *tenant("goal_plans"),
        text("name"),
        integer("version"),
        text("source"),
        text("author"),
        boolean("active", "false"),
        moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "name", "version", name="pk_goal_plans"),
    )
    op.create_index(
        "uq_goal_plans_active",
        "goal_plans",
        ["tenant_id", "name"],
        unique=True,
        postgresql_where=sa.text("active"),
    )
    protect(op, "goal_plans")


def downgrade() -> None:
    op.drop_table("goal_plans")
