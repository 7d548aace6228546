"""What must hold of a tenant's knowledge before it serves: one wording of each check, whoever runs the stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.reports.knowledge.checks import CheckResult, store_check

if TYPE_CHECKING:
    from components.core.embeddings import ModelIdentity
    from components.helpdesk.evaluation.gate import Judgement
    from components.helpdesk.evaluation.index_answers import IndexAnswersReport
    from components.helpdesk.evaluation.metrics import RetrievalMetrics
    from components.helpdesk.ingestion.reports import EvaluationReport
    from components.vectors.snapshot import IndexSnapshot

MOST_NAMED = 50


def no_empty_document(empty: Sequence[str]) -> CheckResult:
    """empty: documents of which nothing can be found. No reason not to serve the others."""
    return CheckResult(
        "no_empty_document",
        "chunks",
        not empty,
        "warning",
        f"{len(empty)} documents without a passage",
        {"empty": len(empty), "documents": list(empty[:MOST_NAMED])},
    )


def no_orphan_chunk(orphans: int) -> CheckResult:
    """orphans: passages of the candidate index that no document has."""
    return CheckResult(
        "no_orphan_chunk",
        "embeddings",
        orphans == 0,
        "error",
        f"{orphans} passages without a document",
        {"orphans": orphans},
    )


def dimensions_match(candidate: IndexSnapshot | None, identity: ModelIdentity, mismatch: str = "") -> CheckResult:
    """mismatch: what the index says where another model made it; then there is no candidate to look at."""
    if candidate is None:
        return CheckResult("dimensions_match", "embeddings", False, "error", mismatch, {})
    without = candidate.count("vector IS NULL")
    return CheckResult(
        "dimensions_match",
        "embeddings",
        without == 0,
        "error",
        f"{candidate.count()} passages of {identity.dimensions} dimensions, {without} without a vector",
        {"dimensions": identity.dimensions, "model": identity.name, "without a vector": without},
    )


def retrieval_quality(report: EvaluationReport) -> CheckResult:
    """Retrieval is not worse than with the last promoted index."""
    return CheckResult(
        "retrieval_quality",
        "retrieval_evaluation",
        report.acceptable,
        "error",
        report.reason,
        {
            "index version": report.index_version,
            **metric_figures(report.metrics),
            **metric_figures(report.baseline, "serving: "),
            **difference_figures(report.judgement),
        },
    )


def answer_quality(report: IndexAnswersReport) -> CheckResult:
    """Answers are not worse than with the last promoted index."""
    return CheckResult(
        "answer_quality",
        "answer_evaluation",
        report.acceptable,
        "error",
        report.reason,
        {"questions": report.questions, **difference_figures(report.judgement), **judge_figures(report)},
    )


def note_check(database: Database, tenant: TenantContext, result: CheckResult) -> CheckResult:
    """`result` itself, once the tenant's pages know it. Raises DatabaseUnavailable."""
    with database.tenant(tenant) as session:
        store_check(session, tenant, result, datetime.now(UTC))
    return result


def metric_figures(metrics: RetrievalMetrics | None, prefix: str = "") -> dict[str, int | float]:
    """Of a retrieval evaluation, by names for people; none where nothing was measured."""
    if metrics is None:
        return {}
    figures: Mapping[str, float | None] = {
        "nDCG@10": metrics.ndcg_at_10,
        "recall@1": metrics.recall_at_1,
        "recall@5": metrics.recall_at_5,
        "recall@10": metrics.recall_at_10,
        "MRR@10": metrics.mrr_at_10,
        "answerability AUROC": metrics.answerability_auroc,
        "coverage at 90 % precision": metrics.coverage_at_90_precision,
    }
    shown = {prefix + name: round(value, 4) for name, value in figures.items() if value is not None}
    return {prefix + "questions": metrics.queries, **shown}


def difference_figures(judgement: Judgement | None, prefix: str = "") -> dict[str, str | int | float]:
    """How far the candidate is from what serves; none where nothing was compared."""
    if judgement is None or judgement.difference is None:
        return {}
    difference = judgement.difference
    return {
        prefix + "verdict": judgement.verdict.replace("_", " "),
        prefix + "pairs": judgement.pairs,
        prefix + "difference": round(difference.value, 4),
        prefix + "difference, low": round(difference.low, 4),
        prefix + "difference, high": round(difference.high, 4),
    }


def judge_figures(report: IndexAnswersReport) -> dict[str, str | int | float]:
    """What a language model thinks of the answers, and how that differs from what serves; none without a judge."""
    if report.judge is None:
        return {}
    told: dict[str, str | int | float] = {"judge": report.judge}
    for figure, interval in report.scores.items():
        name = figure.replace("_", " ")
        told |= {
            name: round(interval.value, 4),
            f"{name}, low": round(interval.low, 4),
            f"{name}, high": round(interval.high, 4),
            **difference_figures(report.opinions.get(figure), f"{name} "),
        }
    return told
