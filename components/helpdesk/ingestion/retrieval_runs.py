"""An index's evaluation as it is kept: figures with their intervals, and what each question found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256

from components.helpdesk.evaluation.beir import EvaluationSet
from components.helpdesk.evaluation.intervals import Interval, mean
from components.helpdesk.evaluation.metrics import recall
from components.helpdesk.evaluation.question_scores import DEPTH, QuestionScores
from components.helpdesk.evaluation.run import EvaluationRun
from components.helpdesk.evaluation.runs import StoredRun
from components.helpdesk.ingestion.reports import EvaluationReport
from components.retrieval.pipeline import RetrievalPipeline


def retrieval_run(
    report: EvaluationReport,
    questions: EvaluationSet,
    run: EvaluationRun,
    serving: EvaluationRun | None,
    pipeline: RetrievalPipeline,
    started: datetime,
) -> StoredRun:
    """What EvaluationRuns keeps of it. `before` of a question: its nDCG@10 with the index that serves."""
    variant = {
        "index_version": report.index_version,
        "pipeline": pipeline.name,
        "pipeline_version": pipeline.version,
        "threshold": report.threshold,
    }
    results = [
        {
            "question_id": query,
            "question": text,
            "found": run.rankings[query][:DEPTH],
            "relevant": dict(questions.qrels.get(query, {})),
            "confidence": run.confidences[query],
            "seconds": seconds,
            **(asdict(run.scores[query]) if query in run.scores else {}),
            **({"before": serving.scores[query].ndcg_at_10} if serving and query in serving.scores else {}),
        }
        for (query, text), seconds in zip(questions.queries.items(), run.seconds, strict=True)
    ]
    content = repr((variant, questions.version, questions.missing, run.rankings))
    return StoredRun(
        kind="retrieval",
        purpose="index",
        set_name=questions.name,
        set_version=questions.version,
        variant=variant,
        fingerprint=sha256(content.encode()).hexdigest(),
        metrics=_metrics(questions, run),
        results=results,
        reason=report.reason,
        started_at=started,
        finished_at=datetime.now(UTC),
        blocked=not report.acceptable,
        comparison=asdict(report.judgement) if report.judgement else None,
    )


def _metrics(questions: EvaluationSet, run: EvaluationRun) -> dict[str, Interval]:
    def over(value: Callable[[QuestionScores], float]) -> Interval | None:
        return mean([value(each) for each in run.scores.values()])

    found = {
        "ndcg_at_10": over(lambda each: each.ndcg_at_10),
        "mrr_at_10": over(lambda each: each.mrr_at_10),
        "map_at_10": over(lambda each: each.map_at_10),
        "recall_at_10": over(lambda each: each.recall_at_10),
        "recall_at_1": mean([recall(run.rankings[query], questions.qrels[query], 1) for query in run.scores]),
        "recall_at_5": mean([recall(run.rankings[query], questions.qrels[query], 5) for query in run.scores]),
    }
    return {name: interval for name, interval in found.items() if interval is not None}
