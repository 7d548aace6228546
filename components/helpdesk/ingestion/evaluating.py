"""Is the candidate index good enough to serve? Measured on the tenant's own questions, beside the one that serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, select, update

from components.core.embeddings import Embedder
from components.core.errors import IndexUnavailable
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import IndexEvaluationRow
from components.helpdesk.evaluation.calibration import calibrate
from components.helpdesk.evaluation.run import run_evaluation
from components.helpdesk.ingestion.evaluation_sets import find_evaluation_set
from components.helpdesk.ingestion.reports import EvaluationReport, PromotionReport
from components.retrieval.answerability import DEFAULT_THRESHOLD
from components.retrieval.loading import Bindings
from components.retrieval.pipeline import RetrievalPipeline
from components.vectors.tenant_index import TenantIndex

TOLERANCE = 0.02  # nDCG@10: with some seventy questions a smaller loss is within what chance moves.
NO_SET = ""
EMPTY = "the sources hold no readable document any more: every question is answered with not knowing"


def evaluate_candidate(
    database: Database,
    tenant: TenantContext,
    index: TenantIndex,
    embedder: Embedder,
    pipeline: str,
    on_progress: Callable[[int, int], None] | None = None,
) -> EvaluationReport:
    """Measures the newest version, learns its threshold, stores both.

    An empty one is acceptable where all that served was deleted; raises IndexUnavailable where nothing ever
    served, since its tenant waits for a first document.
    """
    candidate, served = index.latest(), index.served()
    empty = candidate.count() == 0
    if empty and served is None:
        raise IndexUnavailable("the candidate index is empty: the sources need at least one readable document")
    questions = find_evaluation_set(database, tenant)
    if questions is None or empty:
        report = EvaluationReport(
            index_version=candidate.version,
            set_name=None,
            set_version=None,
            metrics=None,
            baseline=None,
            threshold=DEFAULT_THRESHOLD,
            coverage=None,
            error=None,
            acceptable=True,
            reason=EMPTY if empty else "no evaluation set: nothing to measure, the general threshold holds",
        )
        _store(database, tenant, report, pipeline)
        return report
    run = run_evaluation(RetrievalPipeline(pipeline, Bindings(candidate, embedder)), questions, on_progress=on_progress)
    baseline = None
    if served is not None and served.version != candidate.version:
        baseline = run_evaluation(RetrievalPipeline(pipeline, Bindings(served, embedder)), questions).metrics
    learnt = calibrate(
        [run.confidences[query] for query in questions.answerable],
        [run.confidences[query] for query in questions.unanswerable],
    )
    loss = baseline.ndcg_at_10 - run.metrics.ndcg_at_10 if baseline else 0.0
    acceptable = loss <= TOLERANCE
    reason = (
        f"nDCG@10 {run.metrics.ndcg_at_10:.3f}, serving index {baseline.ndcg_at_10:.3f}, allowed loss {TOLERANCE}"
        if baseline
        else f"nDCG@10 {run.metrics.ndcg_at_10:.3f}; no other version serves to compare it with"
    )
    report = EvaluationReport(
        index_version=candidate.version,
        set_name=questions.name,
        set_version=questions.version,
        metrics=run.metrics,
        baseline=baseline,
        threshold=learnt.threshold if learnt else DEFAULT_THRESHOLD,
        coverage=learnt.coverage if learnt else None,
        error=learnt.error if learnt else None,
        acceptable=acceptable,
        reason=reason,
    )
    _store(database, tenant, report, pipeline)
    return report


def promote_candidate(
    database: Database, tenant: TenantContext, index: TenantIndex, version: int | None = None
) -> PromotionReport:
    """Makes `version`, by default the newest, serve from the next question on. One that is older than what
    serves is left alone: another run has been quicker. Raises NotFound for a version that is not there."""
    served = index.served()
    previous = served.version if served else None
    wanted = index.version if version is None else version
    if previous is not None and wanted < previous:
        return PromotionReport(previous, previous)
    index.promote(wanted)
    with database.tenant(tenant) as session:
        session.execute(
            update(IndexEvaluationRow).where(IndexEvaluationRow.index_version == wanted).values(promoted=True)
        )
    return PromotionReport(wanted, previous)


def forget_evaluations(database: Database, tenant: TenantContext) -> None:
    """For an index that is no more: the next one counts its versions from the beginning, and what was learnt
    about version 5 must not be taken for the new version 5."""
    with database.tenant(tenant) as session:
        session.execute(delete(IndexEvaluationRow))


def threshold_of(index_version: ColumnElement[int], pipeline: ColumnElement[str]) -> ColumnElement[float]:
    """The threshold last learnt for this version with this pipeline; the general one where none was."""
    learnt = (
        select(IndexEvaluationRow.threshold)
        .where(IndexEvaluationRow.index_version == index_version, IndexEvaluationRow.pipeline == pipeline)
        .order_by(IndexEvaluationRow.created_at.desc())
        .limit(1)
    )
    return func.coalesce(learnt.scalar_subquery(), DEFAULT_THRESHOLD)


def _store(database: Database, tenant: TenantContext, report: EvaluationReport, pipeline: str) -> None:
    with database.tenant(tenant) as session:
        session.add(
            IndexEvaluationRow(
                evaluation_id=uuid4(),
                tenant_id=tenant.tenant_id,
                index_version=report.index_version,
                set_name=report.set_name or NO_SET,
                set_version=report.set_version or NO_SET,
                pipeline=pipeline,
                metrics=asdict(report.metrics) if report.metrics else {},
                threshold=report.threshold,
                promoted=False,
            )
        )
