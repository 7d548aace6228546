"""What each version of a prompt did: how quick and dear its answers were, and how often they were right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import numpy as np
from sqlalchemy import Float, Integer, cast, func, select
from sqlalchemy.orm import Session

from components.core.errors import InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AnswerRow, EvaluationRunRow, FeedbackRow
from components.helpdesk.evaluation.asked_questions import NOT_CUSTOMERS
from components.helpdesk.evaluation.intervals import Interval, share
from components.helpdesk.prompts import Prompts

LONGEST_DAYS = 3650


@dataclass(frozen=True)
class PromptMetrics:
    """Of one version. answers: to customers in the last `days`. latency_ms_p50, latency_ms_p95, cost (of one answer, in
    `currency`): of these, or, where there were none, of the last evaluation; measured_on says which. accuracy: share of
    an evaluation's questions answered right; thumbs_up: of the customers who gave a thumb."""

    version: int
    active: bool
    days: int
    answers: int
    measured_on: Literal["customers", "evaluation"] | None
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    cost: float | None
    currency: str | None
    accuracy: Interval | None
    set_name: str | None
    set_version: str | None
    run_id: UUID | None
    evaluated_at: datetime | None
    thumbs: int
    thumbs_up: Interval | None


class PromptFigures:
    """Reads them from stored answers and evaluations."""

    def __init__(self, database: Database, prompts: Prompts) -> None:
        self._database, self._prompts = database, prompts

    def of(
        self, tenant: TenantContext, prompt_id: str, version: int | None = None, days: int = 30
    ) -> list[PromptMetrics]:
        """Of every version, the newest first, or of one. Raises InvalidPrompt, NotFound, InvalidInput."""
        if not 1 <= days <= LONGEST_DAYS:
            raise InvalidInput(f"days={days}: 1 to {LONGEST_DAYS} are allowed", field="days")
        versions = self._prompts.versions(tenant, prompt_id)
        if version is not None:
            wanted = [each for each in versions if each.version == version]
            if not wanted:
                raise NotFound(f"prompt {prompt_id!r} has no version {version}", field="version")
            versions = wanted
        since = datetime.now(UTC) - timedelta(days=days)
        with self._database.tenant(tenant) as session:
            return [_figures(session, prompt_id, each.version, each.active, since, days) for each in versions]


def _figures(session: Session, prompt_id: str, version: int, active: bool, since: datetime, days: int) -> PromptMetrics:
    customers, run = _of_customers(session, prompt_id, version, since), _last_run(session, prompt_id, version)
    thumbs, up = _thumbs(session, prompt_id, version, since)
    if customers.answers:
        p50, p95, cost, currency = customers.p50, customers.p95, customers.cost, customers.currency
    elif run is not None:
        p50, p95 = (float(value) for value in np.percentile([each["seconds"] for each in run.results], (50, 95)))
        cost, currency = run.metrics["cost"]["value"], run.variant.get("currency")
    else:
        p50 = p95 = cost = currency = None
    right = run.metrics.get("right") if run is not None else None
    return PromptMetrics(
        version=version,
        active=active,
        days=days,
        answers=customers.answers,
        measured_on="customers" if customers.answers else "evaluation" if run is not None else None,
        latency_ms_p50=None if p50 is None else 1000 * p50,
        latency_ms_p95=None if p95 is None else 1000 * p95,
        cost=None if cost is None else float(cost),
        currency=currency or None,
        accuracy=Interval(**right) if right else None,
        set_name=run.set_name if run is not None else None,
        set_version=run.set_version if run is not None else None,
        run_id=run.run_id if run is not None else None,
        evaluated_at=run.finished_at if run is not None else None,
        thumbs=thumbs,
        thumbs_up=share(up, thumbs),
    )


def _of_customers(session: Session, prompt_id: str, version: int, since: datetime) -> Any:
    seconds = cast(AnswerRow.seconds["total"].astext, Float)
    return session.execute(
        select(
            func.count().label("answers"),
            func.percentile_cont(0.5).within_group(seconds).label("p50"),
            func.percentile_cont(0.95).within_group(seconds).label("p95"),
            func.avg(AnswerRow.cost).label("cost"),
            func.max(AnswerRow.currency).label("currency"),
        ).where(*_theirs(prompt_id, version, since))
    ).one()


def _thumbs(session: Session, prompt_id: str, version: int, since: datetime) -> tuple[int, int]:
    found = session.execute(
        select(func.count(), func.count().filter(FeedbackRow.rating > 0))
        .select_from(FeedbackRow)
        .join(AnswerRow, AnswerRow.answer_id == FeedbackRow.answer_id)
        .where(*_theirs(prompt_id, version, since))
    ).one()
    return found[0], found[1]


def _theirs(prompt_id: str, version: int, since: datetime) -> tuple[Any, ...]:
    return (
        AnswerRow.prompt_id == prompt_id,
        AnswerRow.prompt_version == version,
        AnswerRow.channel.not_in(NOT_CUSTOMERS),
        AnswerRow.created_at >= since,
    )


def _last_run(session: Session, prompt_id: str, version: int) -> EvaluationRunRow | None:
    """With the tenant's own models: what another model does with it says nothing of the version."""
    variant = EvaluationRunRow.variant
    return session.scalars(
        select(EvaluationRunRow)
        .where(EvaluationRunRow.kind == "answer", variant["prompt_id"].astext == prompt_id)
        .where(cast(variant["prompt_version"].astext, Integer) == version, variant["model"].astext.is_(None))
        .order_by(EvaluationRunRow.finished_at.desc())
        .limit(1)
    ).one_or_none()
