"""Agents hear of it when a call that they were asked about has been made."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TELL = """
CREATE FUNCTION tell_approved_call() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('helpdesk_approvals', NEW.tenant_id::text)
    FROM public.approvals AS asked
    WHERE asked.tenant_id = NEW.tenant_id AND asked.invocation_id = NEW.invocation_id;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_approved_call AFTER UPDATE OF status ON tool_invocations
    FOR EACH ROW WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION tell_approved_call();
"""


def upgrade() -> None:
    op.execute(_TELL)


def downgrade() -> None:
    op.execute("DROP TRIGGER tell_approved_call ON tool_invocations")
    op.execute("DROP FUNCTION tell_approved_call()")
