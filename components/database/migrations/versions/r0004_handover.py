"""Agents, who owns a conversation, what they attach and send, how it ended; and that no bot writes over an agent."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import (
    boolean,
    integer,
    json,
    maybe_moment,
    moment,
    of_conversation,
    seconds,
    tenant,
    text,
    uuid,
)
from components.database.policies import APPEND_ONLY, protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = (
    "conversation_events",
    "internal_notes",
    "canned_answers",
    "attachments",
    "outbox",
    "conversation_outcomes",
)

# Whoever writes, by whatever way: the database refuses it, so that no race can let the bot talk over an agent.
_NO_BOT_OVER_AN_AGENT = """
CREATE FUNCTION refuse_bot_over_agent() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM public.conversations
               WHERE tenant_id = NEW.tenant_id AND conversation_id = NEW.conversation_id AND status = 'agent') THEN
        RAISE EXCEPTION 'an agent owns conversation %: no bot may write to it', NEW.conversation_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'no_bot_over_an_agent';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_bot_over_an_agent BEFORE INSERT ON messages
    FOR EACH ROW WHEN (NEW.author = 'bot') EXECUTE FUNCTION refuse_bot_over_agent();
"""
# Told when the transaction commits and never before, to every process that listens.
_TELL_CHANGES = """
CREATE FUNCTION tell_conversation() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('helpdesk_conversations', concat_ws(' ', NEW.tenant_id, NEW.conversation_id, NEW.last_sequence));
    RETURN NULL;
END $$;
CREATE TRIGGER tell_new_conversation AFTER INSERT ON conversations
    FOR EACH ROW EXECUTE FUNCTION tell_conversation();
CREATE TRIGGER tell_changed_conversation AFTER UPDATE ON conversations
    FOR EACH ROW WHEN (
        (OLD.last_sequence, OLD.changes, OLD.team, OLD.priority, OLD.customer_read, OLD.agent_read)
        IS DISTINCT FROM
        (NEW.last_sequence, NEW.changes, NEW.team, NEW.priority, NEW.customer_read, NEW.agent_read)
    ) EXECUTE FUNCTION tell_conversation();
CREATE FUNCTION tell_outbox() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('helpdesk_outbox', NEW.tenant_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER tell_outbox AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION tell_outbox();
"""


def upgrade() -> None:
    _create_agents()
    for column in _ownership():
        op.add_column("conversations", column)
    op.create_foreign_key(
        "fk_conversations_agent", "conversations", "agents", ["tenant_id", "agent_id"], ["tenant_id", "agent_id"]
    )
    _allow("conversations", "status", "'bot', 'waiting', 'agent', 'closed'")
    _allow("messages", "author", "'customer', 'bot', 'system', 'agent'")
    op.create_index(
        "ix_conversations_held",
        "conversations",
        ["tenant_id", "status"],
        postgresql_where=sa.text("status IN ('waiting', 'agent')"),
    )
    _create_records()
    _create_attachments()
    _create_outbox()
    _create_outcomes()
    protect(op, "agents")
    protect(op, "conversation_events", APPEND_ONLY)
    for table in _TABLES[1:]:
        protect(op, table)
    op.execute(_NO_BOT_OVER_AN_AGENT)
    op.execute(_TELL_CHANGES)


def downgrade() -> None:
    op.execute("DROP TRIGGER no_bot_over_an_agent ON messages")
    op.execute("DROP TRIGGER tell_new_conversation ON conversations")
    op.execute("DROP TRIGGER tell_changed_conversation ON conversations")
    for table in reversed(_TABLES):
        op.drop_table(table)
    for function in ("refuse_bot_over_agent", "tell_conversation", "tell_outbox"):
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_index("ix_conversations_held", "conversations")
    _allow("messages", "author", "'customer', 'bot', 'system'")
    _allow("conversations", "status", "'bot', 'waiting', 'closed'")
    op.drop_constraint("fk_conversations_agent", "conversations")
    for column in reversed(_ownership()):
        op.drop_column("conversations", column.name)
    op.drop_table("agents")


def _allow(table: str, column: str, words: str) -> None:
    op.drop_constraint(f"ck_{table}_{column}", table)
    op.create_check_constraint(column, table, f"{column} IN ({words})")


def _ownership() -> list[sa.Column[Any]]:
    return [
        uuid("agent_id", null=True),
        text("team", default=""),
        text("priority", default="normal"),
        integer("changes", default="0"),
        integer("customer_read", default="0"),
        integer("agent_read", default="0"),
        maybe_moment("waiting_since"),
        maybe_moment("agent_since"),
        maybe_moment("closed_at"),
        maybe_moment("customer_wrote_at"),
        maybe_moment("agent_wrote_at"),
        maybe_moment("apologised_at"),
    ]


def _create_agents() -> None:
    op.create_table(
        "agents",
        uuid("agent_id"),
        *tenant("agents"),
        text("email"),
        text("name"),
        text("role", default="agent"),
        text("team", default=""),
        text("password"),
        boolean("active", "true"),
        text("presence", default="offline"),
        maybe_moment("presence_at"),
        moment("created_at"),
        sa.PrimaryKeyConstraint("agent_id", name="pk_agents"),
        sa.UniqueConstraint("tenant_id", "agent_id", name="uq_agents_tenant_id_agent_id"),
        sa.UniqueConstraint("tenant_id", "email", name="uq_agents_tenant_id_email"),
        sa.CheckConstraint("role IN ('agent', 'supervisor')", name="role"),
        sa.CheckConstraint("presence IN ('online', 'away', 'offline')", name="presence"),
    )


def _create_records() -> None:
    op.create_table(
        "conversation_events",
        *tenant("conversation_events"),
        uuid("conversation_id"),
        integer("number"),
        text("kind"),
        text("actor"),
        uuid("agent_id", null=True),
        text("status_before"),
        text("status_after"),
        json("details", default="{}"),
        text("request_id", null=True),
        moment("at"),
        sa.PrimaryKeyConstraint("tenant_id", "conversation_id", "number", name="pk_conversation_events"),
        of_conversation("conversation_events"),
        sa.UniqueConstraint("tenant_id", "conversation_id", "request_id", name="uq_conversation_events_request_id"),
    )
    op.create_index("ix_conversation_events_tenant_id_at", "conversation_events", ["tenant_id", "at"])
    op.create_table(
        "internal_notes",
        uuid("note_id"),
        *tenant("internal_notes"),
        uuid("conversation_id"),
        uuid("agent_id"),
        text("text"),
        text("client_note_id"),
        moment("created_at"),
        sa.PrimaryKeyConstraint("note_id", name="pk_internal_notes"),
        of_conversation("internal_notes"),
        sa.UniqueConstraint("tenant_id", "conversation_id", "client_note_id", name="uq_internal_notes_client_note_id"),
    )
    op.create_index("ix_internal_notes_tenant_id_conversation_id", "internal_notes", ["tenant_id", "conversation_id"])
    op.create_table(
        "canned_answers",
        *tenant("canned_answers"),
        text("name"),
        text("text"),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "name", name="pk_canned_answers"),
    )


def _create_attachments() -> None:
    op.create_table(
        "attachments",
        uuid("attachment_id"),
        *tenant("attachments"),
        uuid("conversation_id"),
        text("author"),
        text("name"),
        text("media_type"),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        text("checksum"),
        integer("sequence", null=True),
        moment("created_at"),
        sa.PrimaryKeyConstraint("attachment_id", name="pk_attachments"),
        of_conversation("attachments"),
        sa.CheckConstraint("author IN ('customer', 'agent')", name="author"),
    )
    op.create_index("ix_attachments_tenant_id_conversation_id", "attachments", ["tenant_id", "conversation_id"])


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        uuid("outbox_id"),
        *tenant("outbox"),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        text("key"),
        text("lane"),
        text("kind"),
        json("payload"),
        integer("attempts", default="0"),
        moment("next_at"),
        uuid("leased_by", null=True),
        maybe_moment("leased_until"),
        maybe_moment("sent_at"),
        maybe_moment("failed_at"),
        text("last_error", null=True),
        json("result", null=True),
        moment("created_at"),
        sa.PrimaryKeyConstraint("outbox_id", name="pk_outbox"),
        sa.UniqueConstraint("tenant_id", "key", name="uq_outbox_tenant_id_key"),
    )
    op.create_index(
        "ix_outbox_open",
        "outbox",
        ["tenant_id", "lane", "position"],
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )


def _create_outcomes() -> None:
    op.create_table(
        "conversation_outcomes",
        *tenant("conversation_outcomes"),
        uuid("conversation_id"),
        text("result", default="open"),
        text("handover_reason", null=True),
        integer("handovers", default="0"),
        seconds("wait_seconds"),
        seconds("first_response_seconds"),
        seconds("resolution_seconds"),
        sa.Column("rating", sa.SmallInteger()),
        text("comment", null=True),
        json("details", default="{}"),
        moment("started_at"),
        maybe_moment("ended_at"),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("tenant_id", "conversation_id", name="pk_conversation_outcomes"),
        of_conversation("conversation_outcomes"),
        sa.CheckConstraint("result IN ('open', 'contained', 'verified', 'handed_over', 'abandoned')", name="result"),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
    )
    op.create_index("ix_conversation_outcomes_tenant_id_ended_at", "conversation_outcomes", ["tenant_id", "ended_at"])
