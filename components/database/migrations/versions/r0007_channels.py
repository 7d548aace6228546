"""Channels: what customers wrote elsewhere, once; which conversation it goes to; what became of the replies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import (
    integer,
    json,
    maybe_moment,
    moment,
    of_conversation,
    tenant,
    text,
    uuid,
)
from components.database.policies import protect
from components.database.roles import APP, OWNER

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLES = ("inbound_messages", "channel_threads", "deliveries", "receipts", "channel_states")

# For whom there is something to send, without a query for each tenant: ids leave it, and nothing else.
_DUE = """
CREATE FUNCTION tenants_with_due_outbox(kinds text[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT due.tenant_id FROM public.outbox AS due
    WHERE due.sent_at IS NULL AND due.failed_at IS NULL AND due.kind = ANY (kinds)
        AND due.next_at <= clock_timestamp()
        AND (due.leased_until IS NULL OR due.leased_until <= clock_timestamp())
        AND NOT EXISTS (
            SELECT FROM public.outbox AS earlier
            WHERE earlier.tenant_id = due.tenant_id AND earlier.lane = due.lane AND earlier.position < due.position
                AND earlier.sent_at IS NULL AND earlier.failed_at IS NULL
        )
$$
"""


def upgrade() -> None:
    _create_inbound()
    _create_outbound()
    for table in _TABLES:
        protect(op, table)
    op.execute(f"CREATE POLICY due_lookup ON outbox FOR SELECT TO {OWNER} USING (true)")
    op.execute(_DUE)
    op.execute("REVOKE ALL ON FUNCTION tenants_with_due_outbox(text[]) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION tenants_with_due_outbox(text[]) TO {APP}")


def downgrade() -> None:
    op.execute("DROP FUNCTION tenants_with_due_outbox(text[])")
    op.execute("DROP POLICY due_lookup ON outbox")
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_inbound() -> None:
    op.create_table(
        "inbound_messages",
        *tenant("inbound_messages"),
        text("channel"),
        text("provider_id"),
        text("thread"),
        json("payload"),
        text("outcome", null=True),
        text("reason", null=True),
        uuid("conversation_id", null=True),
        moment("received_at"),
        maybe_moment("handled_at"),
        sa.PrimaryKeyConstraint("tenant_id", "channel", "provider_id", name="pk_inbound_messages"),
    )
    op.create_index(
        "ix_inbound_messages_tenant_id_channel_thread_received_at",
        "inbound_messages",
        ["tenant_id", "channel", "thread", "received_at"],
    )
    op.create_table(
        "channel_threads",
        *tenant("channel_threads"),
        uuid("conversation_id"),
        text("channel"),
        text("thread"),
        json("address"),
        maybe_moment("opted_out_at"),
        moment("started_at"),
        maybe_moment("ended_at"),
        sa.PrimaryKeyConstraint("tenant_id", "conversation_id", name="pk_channel_threads"),
        of_conversation("channel_threads"),
    )
    op.create_index(
        "uq_channel_threads_open",
        "channel_threads",
        ["tenant_id", "channel", "thread"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_outbound() -> None:
    op.create_table(
        "deliveries",
        *tenant("deliveries"),
        uuid("conversation_id"),
        integer("sequence"),
        integer("part"),
        text("channel"),
        text("provider_id", null=True),
        maybe_moment("begun_at"),
        maybe_moment("sent_at"),
        sa.PrimaryKeyConstraint("tenant_id", "conversation_id", "sequence", "part", name="pk_deliveries"),
        of_conversation("deliveries"),
    )
    op.create_index(
        "ix_deliveries_tenant_id_channel_provider_id", "deliveries", ["tenant_id", "channel", "provider_id"]
    )
    op.create_table(
        "receipts",
        *tenant("receipts"),
        text("channel"),
        text("provider_id"),
        text("status"),
        text("key", null=True),
        text("reason", null=True),
        moment("at"),
        sa.PrimaryKeyConstraint("tenant_id", "channel", "provider_id", "status", name="pk_receipts"),
    )
    op.create_index("ix_receipts_tenant_id_channel_key", "receipts", ["tenant_id", "channel", "key"])
    op.create_table(
        "channel_states",
        *tenant("channel_states"),
        text("channel"),
        maybe_moment("paced_until"),
        maybe_moment("blocked_until"),
        json("cursor", default="{}"),
        text("problem", null=True),
        maybe_moment("polled_at"),
        uuid("leased_by", null=True),
        maybe_moment("leased_until"),
        sa.PrimaryKeyConstraint("tenant_id", "channel", name="pk_channel_states"),
    )
