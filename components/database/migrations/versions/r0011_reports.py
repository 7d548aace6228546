"""Views that a tenant may query, and the role that reads them and nothing else."""

from __future__ import annotations

from alembic import op

from components.database.policies import CURRENT_TENANT
from components.database.roles import OWNER, REPORTS

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# The view reads as the tables' owner, whom this lets see the rows of the tenant that is set, and no others.
_TABLES = ("tickets", "conversations", "conversation_outcomes", "shop_orders")
_VIEWS = {
    "report_tickets": (
        "tickets",
        "number, subject, status, priority, channel, team, assigned_to IS NOT NULL AS assigned, "
        "created_at AT TIME ZONE 'UTC' AS created_at, updated_at AT TIME ZONE 'UTC' AS updated_at, "
        "first_response_at, resolution_due, resolved_at, closed_at",
    ),
    "report_conversations": (
        "conversations",
        "conversation_id::text AS conversation_id, channel, status, language, priority, team, "
        "last_sequence AS messages, created_at, updated_at, closed_at",
    ),
    "report_outcomes": (
        "conversation_outcomes",
        "conversation_id::text AS conversation_id, result, handover_reason, handovers, wait_seconds, "
        "first_response_seconds, resolution_seconds, rating, started_at, ended_at",
    ),
    "report_orders": (
        "shop_orders",
        "order_number, customer_id, status, currency, round(total, 2) AS total, round(refunded, 2) AS refunded, "
        "jsonb_array_length(items) AS items, ordered_at",
    ),
}


def upgrade() -> None:
    of_tenant = f"tenant_id = {CURRENT_TENANT}"
    for table in _TABLES:
        op.execute(f"CREATE POLICY report_reading ON {table} FOR SELECT TO {OWNER} USING ({of_tenant})")
    for view, (table, columns) in _VIEWS.items():
        select = f"SELECT {columns} FROM {table} WHERE {of_tenant}"  # noqa: S608 - all of it is written here
        op.execute(f"CREATE VIEW {view} WITH (security_barrier) AS {select}")
        op.execute(f"REVOKE ALL ON {view} FROM PUBLIC")
        op.execute(f"GRANT SELECT ON {view} TO {REPORTS}")


def downgrade() -> None:
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    for table in _TABLES:
        op.execute(f"DROP POLICY report_reading ON {table}")
