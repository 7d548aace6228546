"""What evaluations, the playground and agents' help leave behind does not stay for good: first its words go, then the
rest of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, text

from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AnswerRow
from components.helpdesk.inside_channels import INSIDE

AT_ONCE = 500
_FORGET = text("SELECT texts, runs FROM forget_evaluations(:answers_before, :scores_before)")


@dataclass(frozen=True)
class Forgotten:
    """answers: that no customer was given, deleted. texts: evaluations of which the figures alone are kept from now on.
    runs: evaluations deleted."""

    answers: int = 0
    texts: int = 0
    runs: int = 0

    def __bool__(self) -> bool:
        return bool(self.answers or self.texts or self.runs)


class EvaluationRetention:
    """Safe to run again, and side by side."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._answers, self._scores = (
            timedelta(days=days) for days in (settings.evaluation_days, settings.evaluation_score_days)
        )

    def sweep(self, tenant: TenantContext) -> Forgotten:
        """All of the tenant's that is older than the settings allow. The last evaluation of each kind, purpose and set
        keeps its figures. Raises DatabaseUnavailable."""
        now = datetime.now(UTC)
        answers = self._forget_answers(tenant, now - self._answers)
        with self._database.tenant(tenant) as session:
            asked = {"answers_before": now - self._answers, "scores_before": now - self._scores}
            texts, runs = session.execute(_FORGET, asked).one()
        return Forgotten(answers, texts, runs)

    def _forget_answers(self, tenant: TenantContext, before: datetime) -> int:
        old = (
            select(AnswerRow.answer_id)
            .where(AnswerRow.tenant_id == tenant.tenant_id, AnswerRow.channel.in_(INSIDE))
            .where(AnswerRow.created_at < before)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        gone, found = 0, AT_ONCE
        while found == AT_ONCE:
            with self._database.tenant(tenant) as session:
                rows = session.execute(
                    delete(AnswerRow)
                    .where(AnswerRow.answer_id.in_(old))
                    .returning(AnswerRow.answer_id)
                    .execution_options(synchronize_session=False)
                )
                found = len(rows.all())
            gone += found
        return gone
