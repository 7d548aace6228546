"""Rows say since which transaction they stand, so that facts of them are brought up to date without reading all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import tenant, text
from components.database.policies import CURRENT_TENANT, protect
from components.database.roles import OWNER

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
_REPLACE = "ON CONFLICT (tenant_id, source, month) DO UPDATE SET changed_in = excluded.changed_in"

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
        'SELECT DISTINCT tenant_id, %L, to_char(gone.%I, ''YYYY-MM''), {_TRANSACTION} '
        'FROM gone JOIN public.tenants USING (tenant_id) ORDER BY 1, 2, 3 {_REPLACE}',
        TG_TABLE_NAME, TG_ARGV[0]
    );
    RETURN NULL;
END $$
"""
_NOTE_MOVED = f"""
CREATE FUNCTION note_moved() RETURNS trigger LANGUAGE plpgsql {_SETTINGS} AS $$
BEGIN
    INSERT INTO public.fact_deletions (tenant_id, source, month, changed_in)
    VALUES (OLD.tenant_id, TG_TABLE_NAME, left(to_jsonb(OLD)->>TG_ARGV[0], 7), {_TRANSACTION}) {_REPLACE};
    RETURN NULL;
END $$
"""  # noqa: S608 - all of it is written here
# What is told of a conversation, a message or an answer is told anew once a part of it has gone.
_TOUCH_CONVERSATION = """
    UPDATE public.conversations AS whole SET changed_in = 0 FROM gone
    WHERE (whole.tenant_id, whole.conversation_id) = (gone.tenant_id, gone.conversation_id);"""
_TOUCH = {
    "conversation_outcomes": _TOUCH_CONVERSATION,
    "conversation_events": _TOUCH_CONVERSATION,
    "messages": f"""{_TOUCH_CONVERSATION}
    UPDATE public.messages AS whole SET changed_in = 0 FROM gone
    WHERE (whole.tenant_id, whole.conversation_id, whole.sequence)
        = (gone.tenant_id, gone.conversation_id, gone.reply_to);
    UPDATE public.answers AS whole SET changed_in = 0 FROM gone
    WHERE (whole.tenant_id, whole.answer_id) = (gone.tenant_id, (gone.details->>'answer_id')::uuid);""",  # noqa: S608 - all of it is written here
    "answers": """
    UPDATE public.messages AS whole SET changed_in = 0 FROM gone
    WHERE whole.tenant_id = gone.tenant_id AND whole.details->>'answer_id' = gone.answer_id::text
        AND whole.created_at BETWEEN gone.created_at - interval '1 day' AND gone.created_at + interval '1 day';""",
    "feedback": """
    UPDATE public.answers AS whole SET changed_in = 0 FROM gone
    WHERE (whole.tenant_id, whole.answer_id) = (gone.tenant_id, gone.answer_id);""",
}


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
    for function in (_NOTE_CHANGE, _NOTE_GONE, _NOTE_MOVED):
        op.execute(function)
    for table in _SOURCES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN changed_in bigint NOT NULL DEFAULT {_TRANSACTION}")
        op.create_index(f"ix_{table}_changed_in", table, ["tenant_id", "changed_in"])
        op.execute(f"CREATE TRIGGER note_change BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION note_change()")
    for table, moment in _MOMENTS.items():
        op.execute(f"CREATE TRIGGER note_gone {_after_delete(table)} EXECUTE FUNCTION note_gone('{moment}')")
        op.execute(
            f"CREATE TRIGGER note_moved AFTER UPDATE OF {moment} ON {table} FOR EACH ROW "
            f"WHEN (OLD.{moment} IS DISTINCT FROM NEW.{moment}) EXECUTE FUNCTION note_moved('{moment}')"
        )
    for table in _READ_BY_MONTH:
        op.create_index(f"ix_{table}_created_at", table, ["tenant_id", "created_at"])
    for table, statements in _TOUCH.items():
        op.execute(
            f"CREATE FUNCTION touch_whole_of_{table}() RETURNS trigger LANGUAGE plpgsql {_SETTINGS} "
            f"AS $$ BEGIN {statements} RETURN NULL; END $$"
        )
        op.execute(f"CREATE TRIGGER touch_whole {_after_delete(table)} EXECUTE FUNCTION touch_whole_of_{table}()")


def _after_delete(table: str) -> str:
    return f"AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone FOR EACH STATEMENT"


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
    for function in ("note_moved", "note_gone", "note_change"):
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_table("fact_deletions")
