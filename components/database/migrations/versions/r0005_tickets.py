"""Tickets with requester, team, tags and clocks, and the events they are made of; those there are get their first."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import (
    integer,
    json,
    maybe_moment,
    moment,
    seconds,
    tenant,
    text,
    uuid,
)
from components.database.policies import APPEND_ONLY, protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Since FORCE binds the owner too, whom no policy lets see any row.
_REWRITTEN = ("tickets", "ticket_numbers")
_REQUIRED = {"status": "'open'", "priority": "'normal'", "subject": "''", "created_at": "now()", "updated_at": "now()"}
_INDICES = (["tenant_id", "status", "number"], ["tenant_id", "session_id"], ["tenant_id", "requester_email"])

# By its events, a ticket has changed last when it was made.
_FILL_GAPS = """
UPDATE tickets SET
    status = coalesce(status, 'open'),
    priority = coalesce(priority, 'normal'),
    subject = coalesce(subject, ''),
    created_at = coalesce(created_at, now()),
    updated_at = coalesce(created_at, now()),
    assigned_to = NULL,
    description = coalesce(details #>> '{arguments,description}', '');
WITH unnumbered AS (
    SELECT ticket_id, tenant_id, row_number() OVER (PARTITION BY tenant_id ORDER BY created_at, ticket_id) AS place
    FROM tickets WHERE number IS NULL)
UPDATE tickets SET number = place + coalesce(
    (SELECT last_number FROM ticket_numbers WHERE ticket_numbers.tenant_id = tickets.tenant_id), 0)
FROM unnumbered WHERE unnumbered.ticket_id = tickets.ticket_id;
INSERT INTO ticket_numbers (tenant_id, last_number) SELECT tenant_id, max(number) FROM tickets GROUP BY tenant_id
ON CONFLICT (tenant_id) DO UPDATE SET last_number = greatest(ticket_numbers.last_number, EXCLUDED.last_number);
UPDATE tickets SET search_text = lower(number || ' ' || subject || ' ' || description);
"""
_FIRST_EVENTS = """
INSERT INTO ticket_events (tenant_id, ticket_id, number, kind, actor, changes, at)
SELECT tenant_id, ticket_id, 1, 'created', 'bot',
    jsonb_build_object(
        'ticket_id', ticket_id, 'number', number, 'status', status, 'priority', priority, 'subject', subject,
        'description', description, 'session_id', session_id, 'details', details),
    created_at AT TIME ZONE 'UTC'
FROM tickets
"""


def upgrade() -> None:
    for column in _ticket_columns():
        op.add_column("tickets", column)
    _create_events()
    for table in _REWRITTEN:
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(_FILL_GAPS)
    op.execute(_FIRST_EVENTS)
    op.create_unique_constraint("uq_tickets_tenant_id_ticket_id", "tickets", ["tenant_id", "ticket_id"])
    op.create_foreign_key(
        "fk_ticket_events_ticket",
        "ticket_events",
        "tickets",
        ["tenant_id", "ticket_id"],
        ["tenant_id", "ticket_id"],
        ondelete="CASCADE",
    )
    for table in _REWRITTEN:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for name, default in _REQUIRED.items():
        op.alter_column("tickets", name, nullable=False, server_default=sa.text(default))
    op.alter_column("tickets", "number", nullable=False)
    op.create_check_constraint("status", "tickets", "status IN ('open', 'pending', 'resolved', 'closed')")
    op.create_check_constraint("priority", "tickets", "priority IN ('low', 'normal', 'high', 'urgent')")
    for columns in _INDICES:
        op.create_index(f"ix_tickets_{'_'.join(columns)}", "tickets", columns)
    protect(op, "ticket_events", APPEND_ONLY)


def downgrade() -> None:
    op.drop_table("ticket_events")
    for columns in _INDICES:
        op.drop_index(f"ix_tickets_{'_'.join(columns)}", "tickets")
    for name in ("status", "priority"):
        op.drop_constraint(f"ck_tickets_{name}", "tickets")
    op.drop_constraint("uq_tickets_tenant_id_ticket_id", "tickets")
    for name in (*_REQUIRED, "number"):
        op.alter_column("tickets", name, nullable=True, server_default=None)
    for column in reversed(_ticket_columns()):
        op.drop_column("tickets", column.name)


def _ticket_columns() -> list[sa.Column[Any]]:
    return [
        text("description", default=""),
        text("channel", default=""),
        text("requester_name", default=""),
        text("requester_email", default=""),
        text("requester_phone", default=""),
        text("team", default=""),
        sa.Column("tags", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        seconds("first_response_minutes"),
        maybe_moment("first_response_due"),
        maybe_moment("first_response_at"),
        seconds("resolution_minutes"),
        maybe_moment("resolution_due"),
        maybe_moment("resolved_at"),
        maybe_moment("closed_at"),
        maybe_moment("paused_since"),
        sa.Column("paused_seconds", sa.Double(), nullable=False, server_default="0"),
        uuid("merged_into", null=True),
        integer("version", default="1"),
        text("search_text", default=""),
    ]


def _create_events() -> None:
    op.create_table(
        "ticket_events",
        *tenant("ticket_events"),
        uuid("ticket_id"),
        integer("number"),
        text("kind"),
        text("actor"),
        uuid("actor_id", null=True),
        text("actor_name", default=""),
        json("changes", default="{}"),
        json("details", default="{}"),
        text("request_key", null=True),
        moment("at"),
        sa.PrimaryKeyConstraint("tenant_id", "ticket_id", "number", name="pk_ticket_events"),
        sa.UniqueConstraint("tenant_id", "request_key", name="uq_ticket_events_tenant_id_request_key"),
    )
    op.create_index("ix_ticket_events_tenant_id_at", "ticket_events", ["tenant_id", "at"])
