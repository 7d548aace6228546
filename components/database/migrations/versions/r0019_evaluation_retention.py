"""Evaluations lose their words after some time, and go at last: the application may have that done, and no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from components.database.migrations.columns import maybe_moment
from components.database.policies import CURRENT_TENANT
from components.database.roles import APP, OPERATOR, OWNER

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Of answers that no customer was given: facts leave them out, so that their going need not be noted.
_INSIDE = "('replay', 'console', 'evaluation', 'playground', 'cli')"
_TRIGGERS = {"note_gone": "note_gone('created_at')", "touch_whole": "touch_whole_of_answers()"}
_ARGUMENTS = "forget_evaluations(timestamptz, timestamptz)"
_FORGET = f"""
CREATE FUNCTION forget_evaluations(answers_before timestamptz, scores_before timestamptz)
RETURNS TABLE (texts bigint, runs bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted CONSTANT uuid := {CURRENT_TENANT};
BEGIN
    IF greatest(answers_before, scores_before) > now() - interval '1 day' THEN
        RAISE EXCEPTION 'evaluations of the last day are kept' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    DELETE FROM public.evaluation_runs AS old
    WHERE old.tenant_id = wanted AND old.finished_at < scores_before AND EXISTS (
        SELECT FROM public.evaluation_runs AS newer
        WHERE newer.tenant_id = wanted AND newer.kind = old.kind AND newer.purpose = old.purpose
            AND newer.set_name = old.set_name AND newer.finished_at > old.finished_at
    );
    GET DIAGNOSTICS runs = ROW_COUNT;
    UPDATE public.evaluation_runs AS run
    SET answers_gone_at = now(), results = coalesce(
        (SELECT jsonb_agg(each || '{{"text": "", "answer_id": null, "doubted": []}}')
         FROM jsonb_array_elements(run.results) AS each),
        '[]'
    )
    WHERE run.tenant_id = wanted AND run.kind = 'answer' AND run.finished_at < answers_before
        AND run.answers_gone_at IS NULL;
    GET DIAGNOSTICS texts = ROW_COUNT;
    RETURN NEXT;
END $$
"""  # noqa: S608 - all of it is written here


def upgrade() -> None:
    op.add_column("evaluation_runs", maybe_moment("answers_gone_at"))
    op.create_index(
        "ix_answers_inside", "answers", ["tenant_id", "created_at"], postgresql_where=sa.text(f"channel IN {_INSIDE}")
    )
    _delete_triggers(f"session_user <> '{OPERATOR}' AND OLD.channel NOT IN {_INSIDE}")
    own = f"tenant_id = {CURRENT_TENANT}"
    op.execute(f"CREATE POLICY forgetting ON evaluation_runs FOR ALL TO {OWNER} USING ({own}) WITH CHECK ({own})")
    op.execute(_FORGET)
    op.execute(f"REVOKE EXECUTE ON FUNCTION {_ARGUMENTS} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_ARGUMENTS} TO {APP}")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {_ARGUMENTS}")
    op.execute("DROP POLICY forgetting ON evaluation_runs")
    _delete_triggers(f"session_user <> '{OPERATOR}'")
    op.drop_index("ix_answers_inside", "answers")
    op.drop_column("evaluation_runs", "answers_gone_at")


def _delete_triggers(condition: str) -> None:
    """What follows the deletion of an answer, of those alone that facts are told of."""
    for name, function in _TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON answers")
        op.execute(
            f"CREATE TRIGGER {name} AFTER DELETE ON answers FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {function}"
        )
