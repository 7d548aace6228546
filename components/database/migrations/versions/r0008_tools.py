"""Tools that tenants have added, every call of a tool, and what waits for a person's approval."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import (
    integer,
    json,
    maybe_moment,
    moment,
    money,
    seconds,
    tenant,
    text,
    uuid,
)
from components.database.policies import protect

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLES = ("added_tools", "tool_invocations", "approvals", "tool_paces")

_TELL = """
CREATE FUNCTION tell_approval() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('helpdesk_approvals', NEW.tenant_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_approval AFTER INSERT OR UPDATE ON approvals FOR EACH ROW EXECUTE FUNCTION tell_approval();
"""


def upgrade() -> None:
    _create_added_tools()
    _create_tool_invocations()
    _create_approvals()
    _create_tool_paces()
    for table in _TABLES:
        protect(op, table)
    op.execute(_TELL)


def downgrade() -> None:
    op.execute("DROP TRIGGER tell_approval ON approvals")
    op.execute("DROP FUNCTION tell_approval()")
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_added_tools() -> None:
    op.create_table(
        "added_tools",
        *tenant("added_tools"),
        text("name"),
        text("source"),
        text("origin"),
        json("declaration"),
        moment("added_at"),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_added_tools"),
        sa.CheckConstraint("source IN ('openapi', 'mcp')", name="source"),
    )


def _create_tool_invocations() -> None:
    op.create_table(
        "tool_invocations",
        *tenant("tool_invocations"),
        uuid("invocation_id"),
        text("key"),
        text("tool"),
        text("side_effect"),
        text("status"),
        text("caller"),
        text("caller_id", default=""),
        json("arguments"),
        money("price", null=True),
        json("result", null=True),
        json("error", null=True),
        json("undo", null=True),
        uuid("undone_by", null=True),
        uuid("conversation_id", null=True),
        uuid("run_id", null=True),
        integer("attempts", default="1"),
        maybe_moment("leased_until"),
        moment("started_at"),
        maybe_moment("finished_at"),
        seconds("seconds"),
        sa.PrimaryKeyConstraint("invocation_id", name="pk_tool_invocations"),
        sa.CheckConstraint("side_effect IN ('read', 'write', 'money')", name="side_effect"),
        sa.CheckConstraint("status IN ('running', 'waiting', 'done', 'failed', 'refused', 'unknown')", name="status"),
        sa.UniqueConstraint("tenant_id", "invocation_id", name="uq_tool_invocations_tenant_id_invocation_id"),
        sa.UniqueConstraint("tenant_id", "key", name="uq_tool_invocations_tenant_id_key"),
    )
    op.create_index(
        "ix_tool_invocations_tenant_id_conversation_id", "tool_invocations", ["tenant_id", "conversation_id"]
    )
    op.create_index("ix_tool_invocations_tenant_id_run_id", "tool_invocations", ["tenant_id", "run_id"])
    op.create_index("ix_tool_invocations_tenant_id_started_at", "tool_invocations", ["tenant_id", "started_at"])
    op.create_index(
        "ix_tool_invocations_tenant_id_tool_started_at", "tool_invocations", ["tenant_id", "tool", "started_at"]
    )


def _create_approvals() -> None:
    op.create_table(
        "approvals",
        *tenant("approvals"),
        uuid("approval_id"),
        uuid("invocation_id"),
        text("status", default="pending"),
        text("reason"),
        moment("requested_at"),
        maybe_moment("expires_at"),
        maybe_moment("decided_at"),
        uuid("decided_by", null=True),
        text("comment", default=""),
        sa.PrimaryKeyConstraint("approval_id", name="pk_approvals"),
        sa.CheckConstraint("status IN ('pending', 'approved', 'refused', 'expired')", name="status"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invocation_id"],
            ["tool_invocations.tenant_id", "tool_invocations.invocation_id"],
            name="fk_approvals_invocation",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("tenant_id", "invocation_id", name="uq_approvals_tenant_id_invocation_id"),
    )
    op.create_index("ix_approvals_tenant_id_status_requested_at", "approvals", ["tenant_id", "status", "requested_at"])


def _create_tool_paces() -> None:
    op.create_table(
        "tool_paces",
        *tenant("tool_paces"),
        text("tool"),
        moment("paced_until"),
        sa.PrimaryKeyConstraint("tenant_id", "tool", name="pk_tool_paces"),
    )
