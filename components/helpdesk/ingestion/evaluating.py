"""Is the candidate index good enough to serve? Measured on the tenant's own questions, beside the one that serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, select, update

from components.core.embeddings import Embedder
from components.core.errors import IndexUnavailable
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import IndexEvaluationRow
from components.helpdesk.evaluation.beir import EvaluationSet
from components.helpdesk.evaluation.calibration import calibrate
from components.helpdesk.evaluation.gate import Judgement, judge, told
from components.helpdesk.evaluation.run import EvaluationRun, run_evaluation
from components.helpdesk.evaluation.runs import EvaluationRuns
from components.helpdesk.evaluation.sets import EvaluationSets
from components.helpdesk.ingestion.reports import EvaluationReport, PromotionReport
from components.helpdesk.ingestion.retrieval_runs import retrieval_run
from components.retrieval.answerability import DEFAULT_THRESHOLD
from components.retrieval.loading import Bindings
from components.retrieval.pipeline import RetrievalPipeline
from components.vectors.tenant_index import TenantIndex

NO_SET = ""
EMPTY = "the sources hold no readable document any more: every question is answered with not knowing"
UNMEASURED = "no evaluation set: nothing to measure, the general threshold holds"


def evaluate_candidate(
    database: Database,
    tenant: TenantContext,
    index: TenantIndex,
    embedder: Embedder,
    pipeline: str,
    on_progress: Callable[[int, int], None] | None = None,
) -> EvaluationReport:
    """Measures the newest version, learns its threshold, stores both, and the measurement question by question.

    An empty one is acceptable where all that served was deleted; raises IndexUnavailable where nothing ever
    served, since its tenant waits for a first document.
    """
    candidate, served = index.latest(), index.served()
    empty = candidate.count() == 0
    if empty and served is None:
        raise IndexUnavailable("the candidate index is empty: the sources need at least one readable document")
    questions = EvaluationSets(database).in_use(tenant)
    if questions is None or not questions.queries or empty:
        report = _unmeasured(candidate.version, questions, empty)
        _store(database, tenant, report, pipeline)
        return report
    started = datetime.now(UTC)
    bound = RetrievalPipeline(pipeline, Bindings(candidate, embedder))
    run = run_evaluation(bound, questions, on_progress=on_progress)
    serving = None
    if served is not None and served.version != candidate.version:
        serving = run_evaluation(RetrievalPipeline(pipeline, Bindings(served, embedder)), questions)
    judgement = None if serving is None else judge(_ndcg(serving), _ndcg(run))
    report = _measured(candidate.version, questions, run, serving, judgement)
    _store(database, tenant, report, pipeline)
    runs, stored = EvaluationRuns(database), retrieval_run(report, questions, run, serving, bound, started)
    if stored.blocked or runs.find(tenant, stored.fingerprint) is None:
        runs.store(tenant, stored)
    return report


def _unmeasured(version: int, questions: EvaluationSet | None, empty: bool) -> EvaluationReport:
    missing = questions.told_missing if questions is not None else ""
    return EvaluationReport(
        index_version=version,
        set_name=None,
        set_version=None,
        metrics=None,
        baseline=None,
        threshold=DEFAULT_THRESHOLD,
        coverage=None,
        error=None,
        acceptable=True,
        reason=EMPTY if empty else f"nothing could be measured: {missing}" if missing else UNMEASURED,
        missing=questions.missing if questions is not None else (),
    )


def _measured(
    version: int,
    questions: EvaluationSet,
    run: EvaluationRun,
    serving: EvaluationRun | None,
    judgement: Judgement | None,
) -> EvaluationReport:
    learnt = calibrate(
        [run.confidences[query] for query in questions.answerable],
        [run.confidences[query] for query in questions.unanswerable],
    )
    figure = f"nDCG@10 {run.metrics.ndcg_at_10:.3f}"
    if serving is None or judgement is None:
        reason = f"{figure}; no other version serves to compare it with"
    else:
        reason = f"{figure}, serving index {serving.metrics.ndcg_at_10:.3f}; {told(judgement, 'difference')}"
    return EvaluationReport(
        index_version=version,
        set_name=questions.name,
        set_version=questions.version,
        metrics=run.metrics,
        baseline=serving.metrics if serving else None,
        threshold=learnt.threshold if learnt else DEFAULT_THRESHOLD,
        coverage=learnt.coverage if learnt else None,
        error=learnt.error if learnt else None,
        acceptable=judgement is None or not judgement.blocks,
        reason="; ".join(part for part in (reason, questions.told_missing) if part),
        judgement=judgement,
        missing=questions.missing,
    )


def _ndcg(run: EvaluationRun) -> dict[str, float]:
    return {query: scores.ndcg_at_10 for query, scores in run.scores.items()}


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
