"""Workflows in n8n's JSON, and durable runs of workflows and goals, step by step."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import boolean, integer, json, maybe_moment, moment, tenant, text, uuid
from components.database.policies import protect
from components.database.roles import APP, OWNER

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_LOOKED_UP = ("work_runs", "approvals", "tool_invocations")
_TABLES = ("workflows", "work_runs", "work_steps")

_TELL = """
CREATE FUNCTION tell_run() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('helpdesk_runs', NEW.tenant_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_run AFTER INSERT OR UPDATE OF status, wake_at ON work_runs
    FOR EACH ROW WHEN (NEW.leased_by IS NULL) EXECUTE FUNCTION tell_run();
"""
# For whom a run goes on now, without a query for each tenant: ids leave it, and nothing else.
_DUE = """
CREATE FUNCTION tenants_with_due_runs() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT due.tenant_id FROM public.work_runs AS due
    WHERE due.wake_at <= clock_timestamp() AND (due.leased_until IS NULL OR due.leased_until <= clock_timestamp())
    UNION
    SELECT asked.tenant_id FROM public.approvals AS asked
    JOIN public.tool_invocations AS call USING (tenant_id, invocation_id)
    WHERE call.status = 'waiting' AND (
        (asked.status = 'pending' AND asked.expires_at <= clock_timestamp())
        OR (asked.status <> 'pending' AND call.run_id IS NULL)
    )
$$
"""


def upgrade() -> None:
    _create_workflows()
    _create_work_runs()
    _create_work_steps()
    for table in _TABLES:
        protect(op, table)
    op.execute(_TELL)
    for table in _LOOKED_UP:
        op.execute(f"CREATE POLICY due_lookup ON {table} FOR SELECT TO {OWNER} USING (true)")
    op.execute(_DUE)
    op.execute("REVOKE ALL ON FUNCTION tenants_with_due_runs() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION tenants_with_due_runs() TO {APP}")


def downgrade() -> None:
    op.execute("DROP FUNCTION tenants_with_due_runs()")
    for table in _LOOKED_UP[1:]:
        op.execute(f"DROP POLICY due_lookup ON {table}")
    op.execute("DROP TRIGGER tell_run ON work_runs")
    op.execute("DROP FUNCTION tell_run()")
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_workflows() -> None:
    op.create_table(
        "workflows",
        *tenant("workflows"),
        text("name"),
        integer("version"),
        json("document"),
        boolean("active", "false"),
        text("webhook", null=True),
        moment("created_at"),
        sa.PrimaryKeyConstraint("tenant_id", "name", "version", name="pk_workflows"),
    )
    op.create_index(
        "uq_workflows_active", "workflows", ["tenant_id", "name"], unique=True, postgresql_where=sa.text("active")
    )
    op.create_index(
        "uq_workflows_webhook",
        "workflows",
        ["tenant_id", "webhook"],
        unique=True,
        postgresql_where=sa.text("active AND webhook IS NOT NULL"),
    )


def _create_work_runs() -> None:
    op.create_table(
        "work_runs",
        *tenant("work_runs"),
        uuid("run_id"),
        text("key"),
        text("kind"),
        text("name"),
        integer("version", default="0"),
        text("goal", default=""),
        json("document"),
        json("input"),
        json("state", default="{}"),
        text("caller"),
        text("status", default="running"),
        json("result", null=True),
        json("error", null=True),
        uuid("conversation_id", null=True),
        uuid("parent", null=True),
        maybe_moment("wake_at"),
        uuid("leased_by", null=True),
        maybe_moment("leased_until"),
        integer("claims", default="0"),
        moment("started_at"),
        maybe_moment("finished_at"),
        sa.PrimaryKeyConstraint("run_id", name="pk_work_runs"),
        sa.CheckConstraint("kind IN ('workflow', 'goal', 'tool')", name="kind"),
        sa.CheckConstraint(
            "status IN ('running', 'waiting', 'done', 'failed', 'handed_over', 'cancelled')", name="status"
        ),
        sa.UniqueConstraint("tenant_id", "key", name="uq_work_runs_tenant_id_key"),
        sa.UniqueConstraint("tenant_id", "run_id", name="uq_work_runs_tenant_id_run_id"),
    )
    op.create_index("ix_work_runs_tenant_id_conversation_id", "work_runs", ["tenant_id", "conversation_id"])
    op.create_index("ix_work_runs_tenant_id_started_at", "work_runs", ["tenant_id", "started_at"])
    op.create_index("ix_work_runs_wake_at", "work_runs", ["wake_at"], postgresql_where=sa.text("wake_at IS NOT NULL"))


def _create_work_steps() -> None:
    op.create_table(
        "work_steps",
        *tenant("work_steps"),
        uuid("run_id"),
        text("name"),
        integer("number"),
        text("kind"),
        text("status"),
        json("input"),
        json("output", null=True),
        json("error", null=True),
        integer("attempts", default="1"),
        uuid("invocation_id", null=True),
        moment("started_at"),
        maybe_moment("finished_at"),
        sa.PrimaryKeyConstraint("tenant_id", "run_id", "name", name="pk_work_steps"),
        sa.CheckConstraint("status IN ('running', 'waiting', 'done', 'failed')", name="status"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["work_runs.tenant_id", "work_runs.run_id"],
            name="fk_work_steps_run",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("tenant_id", "run_id", "number", name="uq_work_steps_tenant_id_run_id_number"),
    )
