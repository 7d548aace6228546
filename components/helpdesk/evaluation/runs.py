"""What was measured, kept for good: every evaluation of an index, a prompt or a variant of either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID, uuid4

from sqlalchemy import Select, false, func, select

from components.core.errors import InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import EvaluationRunRow
from components.helpdesk.evaluation.intervals import Interval

RunKind = Literal["retrieval", "answer"]
Purpose = Literal["index", "prompt", "trial"]
MOST_LISTED = 500
_NEWEST_FIRST = (EvaluationRunRow.finished_at.desc(), EvaluationRunRow.run_id)


@dataclass(frozen=True)
class StoredRun:
    """One measurement. purpose: what it decided, an index or a prompt, or nothing (trial). variant: what was measured,
    as names and numbers; fingerprint: of all that decides its result. metrics: by name. results: one mapping a
    question, with its `question_id`. comparison: with what it was held against. blocked: whether what was measured was
    kept from serving for it; reason: why, or why not."""

    kind: RunKind
    purpose: Purpose
    set_name: str
    set_version: str
    variant: Mapping[str, Any]
    fingerprint: str
    metrics: Mapping[str, Interval]
    results: Sequence[Mapping[str, Any]]
    reason: str
    started_at: datetime
    finished_at: datetime
    blocked: bool = False
    comparison: Mapping[str, Any] | None = None
    run_id: UUID = field(default_factory=uuid4)


class EvaluationRuns:
    """The history of a tenant's measurements; rows are only ever added."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, tenant: TenantContext, run: StoredRun) -> None:
        """Raises DatabaseUnavailable."""
        metrics = {name: asdict(value) for name, value in run.metrics.items()}
        values = {**vars(run), "metrics": metrics, "results": [dict(each) for each in run.results]}
        with self._database.tenant(tenant) as session:
            session.add(EvaluationRunRow(tenant_id=tenant.tenant_id, **values))

    def get(self, tenant: TenantContext, run_id: UUID) -> StoredRun:
        """Raises NotFound, also for another tenant's."""
        with self._database.tenant(tenant) as session:
            row = session.get(EvaluationRunRow, run_id)
            if row is None:
                raise NotFound(f"no evaluation has the id {run_id}", field="run_id")
            return _run(row)

    def list(
        self,
        tenant: TenantContext,
        kind: RunKind | None = None,
        *,
        set_name: str | None = None,
        purposes: Sequence[Purpose] = (),
        limit: int = 50,
    ) -> list[StoredRun]:
        """The newest first. set_name, purposes: only of these. Raises InvalidInput."""
        if not 1 <= limit <= MOST_LISTED:
            raise InvalidInput(f"limit={limit}: 1 to {MOST_LISTED} are allowed", field="limit")
        wanted = _newest().limit(limit)
        if kind is not None:
            wanted = wanted.where(EvaluationRunRow.kind == kind)
        if set_name is not None:
            wanted = wanted.where(EvaluationRunRow.set_name == set_name)
        if purposes:
            wanted = wanted.where(EvaluationRunRow.purpose.in_(purposes))
        with self._database.tenant(tenant) as session:
            return [_run(row) for row in session.scalars(wanted)]

    def find(self, tenant: TenantContext, fingerprint: str, judge: str | None = None) -> StoredRun | None:
        """The last measurement of the very same thing: the last with this judge, where there is one."""
        by_judge = func.coalesce(EvaluationRunRow.variant["judge"].astext == judge, false()).desc()
        wanted = (
            select(EvaluationRunRow)
            .where(EvaluationRunRow.fingerprint == fingerprint)
            .order_by(by_judge, *_NEWEST_FIRST)
            .limit(1)
        )
        with self._database.tenant(tenant) as session:
            row = session.scalars(wanted).one_or_none()
            return None if row is None else _run(row)


def _newest() -> Select[EvaluationRunRow]:
    return select(EvaluationRunRow).order_by(*_NEWEST_FIRST)


def _run(row: EvaluationRunRow) -> StoredRun:
    return StoredRun(
        kind=cast("RunKind", row.kind),
        purpose=cast("Purpose", row.purpose),
        set_name=row.set_name,
        set_version=row.set_version,
        variant=row.variant,
        fingerprint=row.fingerprint,
        metrics={name: Interval(**value) for name, value in row.metrics.items()},
        results=row.results,
        reason=row.reason,
        started_at=row.started_at,
        finished_at=row.finished_at,
        blocked=row.blocked,
        comparison=row.comparison,
        run_id=row.run_id,
    )
