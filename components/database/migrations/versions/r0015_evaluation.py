"""Evaluation sets know where their questions are from, and every measurement is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import boolean, json, moment, tenant, text, uuid
from components.database.policies import APPEND_ONLY, protect
from components.database.roles import APP, OPERATOR, OWNER

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

_NEW = ("kind", "expected", "provenance", "author", "note", "reviewed_by", "activated_at")
# What the operator may know of all tenants at once: figures and no words.
_SCORES = (
    "CREATE FUNCTION evaluation_scores() "
    "RETURNS TABLE (tenant_id uuid, kind text, metrics jsonb, blocked boolean) "
    "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp "
    "AS 'SELECT DISTINCT ON (tenant_id, kind) tenant_id, kind, metrics, blocked FROM public.evaluation_runs "
    "WHERE purpose <> ''trial'' ORDER BY tenant_id, kind, finished_at DESC'"
)


def upgrade() -> None:
    _extend_sets()
    op.create_table(
        "evaluation_runs",
        *tenant("evaluation_runs"),
        uuid("run_id"),
        text("kind"),
        text("purpose"),
        text("set_name"),
        text("set_version"),
        json("variant"),
        text("fingerprint"),
        json("metrics"),
        json("results"),
        json("comparison", null=True),
        text("reason"),
        boolean("blocked", "false"),
        moment("started_at"),
        moment("finished_at"),
        sa.PrimaryKeyConstraint("run_id", name="pk_evaluation_runs"),
        sa.CheckConstraint("kind IN ('retrieval', 'answer')", name="ck_evaluation_runs_kind"),
        sa.CheckConstraint("purpose IN ('index', 'prompt', 'trial')", name="ck_evaluation_runs_purpose"),
    )
    op.create_index(
        "ix_evaluation_runs_tenant_id_kind_finished_at", "evaluation_runs", ["tenant_id", "kind", "finished_at"]
    )
    op.create_index("ix_evaluation_runs_tenant_id_fingerprint", "evaluation_runs", ["tenant_id", "fingerprint"])
    protect(op, "evaluation_runs", APPEND_ONLY)
    op.execute(f"CREATE POLICY scores_reading ON evaluation_runs FOR SELECT TO {OWNER} USING (true)")
    op.execute(_SCORES)
    op.execute("REVOKE EXECUTE ON FUNCTION evaluation_scores() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION evaluation_scores() TO {OPERATOR}")


def downgrade() -> None:
    op.execute("DROP FUNCTION evaluation_scores()")
    op.drop_table("evaluation_runs")
    op.execute(f"GRANT UPDATE, DELETE ON evaluation_sets TO {APP}")
    for name in _NEW:
        op.drop_column("evaluation_sets", name)


def _extend_sets() -> None:
    op.add_column("evaluation_sets", text("kind", default="written"))
    op.create_check_constraint(
        "ck_evaluation_sets_kind", "evaluation_sets", "kind IN ('written', 'conversations', 'ratings')"
    )
    op.add_column("evaluation_sets", json("expected", default="{}"))
    op.add_column("evaluation_sets", json("provenance", default="{}"))
    op.add_column("evaluation_sets", text("author", default=""))
    op.add_column("evaluation_sets", text("note", default=""))
    op.add_column("evaluation_sets", text("reviewed_by", null=True))
    # Until now the version created last was in use. A column's USING reaches every tenant's rows, which an UPDATE of
    # the owner's would not see.
    op.add_column("evaluation_sets", sa.Column("activated_at", sa.TIMESTAMP(timezone=True)))
    op.execute(
        "ALTER TABLE evaluation_sets ALTER COLUMN activated_at TYPE timestamptz USING created_at, "
        "ALTER COLUMN activated_at SET DEFAULT now(), ALTER COLUMN activated_at SET NOT NULL"
    )
    op.execute(f"REVOKE UPDATE, DELETE ON evaluation_sets FROM {APP}")
    op.execute(f"GRANT UPDATE (activated_at) ON evaluation_sets TO {APP}")
