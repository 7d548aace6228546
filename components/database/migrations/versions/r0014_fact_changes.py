"""Rows say since which transaction they stand, so that facts of them are brought up to date without reading all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import tenant, text
from components.database.policies import CURRENT_TENANT, protect
from components.database.roles import OPERATOR, OWNER

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Every table that facts are told from.
_SOURCES = (
    "conversations",
    "conversation_outcomes",
    "conversation_events",
    "messages",
    "answers",
    "feedback",
    "model_calls",
    "tickets",
)
# Those that have facts of their own, and the moment by whose month these are kept.
_MOMENTS = {
    "conversations": "created_at",
    "conversation_events": "at",
    "messages": "created_at",
    "answers": "created_at",
    "model_calls": "created_at",
    "tickets": "created_at",
}
# The others have such an index, or few rows.
_READ_BY_MONTH = ("conversations", "messages")
_TRANSACTION = "((pg_current_xact_id())::text)::bigint"
_SETTINGS = "SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'"
# Once a transaction is enough, however many rows it takes away.
_REPLACE = (
    "ON CONFLICT (tenant_id, source, month) DO UPDATE SET changed_in = excluded.changed_in "
    "WHERE fact_deletions.changed_in <> excluded.changed_in"
)

_NOTE_CHANGE = f"""
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_in := {_TRANSACTION};
    RETURN NEW;
END $$
"""
# TG_ARGV: the column of the moment. Of a tenant that goes itself nothing is kept.
_NOTE_GONE = f"""
CREATE FUNCTION note_gone() RETURNS trigger LANGUAGE plpgsql {_SETTINGS} AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO public.fact_deletions (tenant_id, source, month, changed_in) '
        'SELECT tenant_id, %L, to_char(($1).%I, ''YYYY-MM''), {_TRANSACTION} '
        'FROM public.tenants WHERE tenant_id = ($1).tenant_id {_REPLACE}',
        TG_TABLE_NAME, TG_ARGV[0]
    ) USING OLD;
    RETURN NULL;
END $$
"""
# What is told of a conversation, a message or an answer is told anew once a part of it has gone.
_TOUCH_CONVERSATION = """
    UPDATE public.conversations SET changed_in = 0
    WHERE (tenant_id, conversation_id) = (OLD.tenant_id, OLD.conversation_id);"""
_TOUCH = {
    "conversation_outcomes": _TOUCH_CONVERSATION,
    "conversation_events": _TOUCH_CONVERSATION,
    "messages": f"""{_TOUCH_CONVERSATION}
    UPDATE public.messages SET changed_in = 0
    WHERE (tenant_id, conversation_id, sequence) = (OLD.tenant_id, OLD.conversation_id, OLD.reply_to);
    UPDATE public.answers SET changed_in = 0
    WHERE (tenant_id, answer_id) = (OLD.tenant_id, (OLD.details->>'answer_id')::uuid);""",  # noqa: S608 - all of it is written here
    "answers": """
    UPDATE public.messages SET changed_in = 0
    WHERE tenant_id = OLD.tenant_id AND details->>'answer_id' = OLD.answer_id::text
        AND created_at BETWEEN OLD.created_at - interval '1 day' AND OLD.created_at + interval '1 day';""",
    "feedback": """
    UPDATE public.answers SET changed_in = 0 WHERE (tenant_id, answer_id) = (OLD.tenant_id, OLD.answer_id);""",
}
# The operator deletes whole tenants: a million rows of which nothing has to be noted.
_EACH_GONE = f"FOR EACH ROW WHEN (session_user <> '{OPERATOR}')"


def upgrade() -> None:
    op.create_table(
        "fact_deletions",
        *tenant("fact_deletions"),
        text("source"),
        text("month"),
        sa.Column("changed_in", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "source", "month", name="pk_fact_deletions"),
    )
    protect(op, "fact_deletions")
    # What goes with a conversation goes by the tables' owner's hand, whoever deleted the conversation.
    op.execute(f"CREATE POLICY noting ON fact_deletions FOR ALL TO {OWNER} USING (true) WITH CHECK (true)")
    own = f"tenant_id = {CURRENT_TENANT}"
    op.execute(f"CREATE POLICY touching ON answers FOR ALL TO {OWNER} USING ({own}) WITH CHECK ({own})")
    for function in (_NOTE_CHANGE, _NOTE_GONE):
        op.execute(function)
    for table in _SOURCES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN changed_in bigint NOT NULL DEFAULT {_TRANSACTION}")
        op.create_index(f"ix_{table}_changed_in", table, ["tenant_id", "changed_in"])
        op.execute(f"CREATE TRIGGER note_change BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION note_change()")
    for table, moment in _MOMENTS.items():
        op.execute(
            f"CREATE TRIGGER note_gone AFTER DELETE ON {table} {_EACH_GONE} EXECUTE FUNCTION note_gone('{moment}')"
        )
        op.execute(
            f"CREATE TRIGGER note_moved AFTER UPDATE OF {moment} ON {table} FOR EACH ROW "
            f"WHEN (OLD.{moment} IS DISTINCT FROM NEW.{moment}) EXECUTE FUNCTION note_gone('{moment}')"
        )
    for table in _READ_BY_MONTH:
        op.create_index(f"ix_{table}_created_at", table, ["tenant_id", "created_at"])
    for table, statements in _TOUCH.items():
        op.execute(
            f"CREATE FUNCTION touch_whole_of_{table}() RETURNS trigger LANGUAGE plpgsql {_SETTINGS} "
            f"AS $$ BEGIN {statements} RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER touch_whole AFTER DELETE ON {table} {_EACH_GONE} EXECUTE FUNCTION touch_whole_of_{table}()"
        )


def downgrade() -> None:
    op.execute("DROP POLICY touching ON answers")
    for table in _TOUCH:
        op.execute(f"DROP TRIGGER touch_whole ON {table}")
        op.execute(f"DROP FUNCTION touch_whole_of_{table}()")
    for table in _READ_BY_MONTH:
        op.drop_index(f"ix_{table}_created_at", table)
    for table in _MOMENTS:
        op.execute(f"DROP TRIGGER note_gone ON {table}")
        op.execute(f"DROP TRIGGER note_moved ON {table}")
    for table in _SOURCES:
        op.execute(f"DROP TRIGGER note_change ON {table}")
        op.drop_column(table, "changed_in")
    for function in ("note_gone", "note_change"):
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_table("fact_deletions")
