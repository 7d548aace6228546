"""Is the candidate index good enough to serve? Measured on the tenant's own questions, beside the one that serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import select, update

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


class ServingState(NamedTuple):
    """What was learnt about one version of an index."""

    threshold: float
    pipeline: str


def evaluate_candidate(
    database: Database,
    tenant: TenantContext,
    index: TenantIndex,
    embedder: Embedder,
    pipeline: str,
    on_progress: Callable[[int, int], None] | None = None,
) -> EvaluationReport:
    """Measures the newest version, learns its threshold, stores both. Raises IndexUnavailable for an empty index."""
    candidate, served = index.latest(), index.served()
    if candidate.count() == 0:
        raise IndexUnavailable("the candidate index is empty: materialise the embeddings of at least one document first")
    questions = find_evaluation_set(database, tenant)
    if questions is None:
        report = EvaluationReport(
            candidate.version, None, None, None, None, DEFAULT_THRESHOLD, None, None, True,
            "no evaluation set: nothing to measure, the general threshold holds",
        )  # fmt: skip
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


def promote_candidate(database: Database, tenant: TenantContext, index: TenantIndex) -> PromotionReport:
    """Makes the newest version serve, from the next question on."""
    served = index.served()
    previous = served.version if served else None
    version = index.version
    index.promote(version)
    with database.tenant(tenant) as session:
        session.execute(
            update(IndexEvaluationRow).where(IndexEvaluationRow.index_version == version).values(promoted=True)
        )
    return PromotionReport(version, previous)


def serving_state(database: Database, tenant: TenantContext, index_version: int) -> ServingState:
    """The threshold last learnt for this version of the index; the general one where none was."""
    with database.tenant(tenant) as session:
        row = session.scalars(
            select(IndexEvaluationRow)
            .where(IndexEvaluationRow.index_version == index_version)
            .order_by(IndexEvaluationRow.created_at.desc())
            .limit(1)
        ).first()
        return ServingState(row.threshold, row.pipeline) if row else ServingState(DEFAULT_THRESHOLD, "")


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
