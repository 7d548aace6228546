"""Asks a pipeline every question of a set and measures what comes back, one question at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from components.helpdesk.evaluation.beir import EvaluationSet
from components.helpdesk.evaluation.metrics import RetrievalMetrics, retrieval_metrics
from components.helpdesk.evaluation.question_scores import QuestionScores, score_questions
from components.retrieval.pipeline import RetrievalPipeline

DEPTH = 10
PASSAGES = 50  # Several passages may be of one document: enough of them for ten documents.


@dataclass(frozen=True)
class EvaluationRun:
    """metrics, and of each question its confidence, the documents found, best first, how well they fit, and the seconds
    it took, its embedding included."""

    metrics: RetrievalMetrics
    confidences: dict[str, float]
    seconds: list[float]
    rankings: dict[str, list[str]]
    scores: dict[str, QuestionScores]


def run_evaluation(
    pipeline: RetrievalPipeline,
    questions: EvaluationSet,
    passages: int = PASSAGES,
    on_progress: Callable[[int, int], None] | None = None,
) -> EvaluationRun:
    """A document ranks where its best passage does. passages: how many are retrieved a question."""
    rankings: dict[str, list[str]] = {}
    confidences: dict[str, float] = {}
    seconds: list[float] = []
    for done, (query, text) in enumerate(questions.queries.items(), start=1):
        started = perf_counter()
        found = pipeline.retrieve(text, top_k=passages)
        seconds.append(perf_counter() - started)
        rankings[query] = list(dict.fromkeys(passage.document_id for passage in found.passages))
        confidences[query] = found.confidence
        if on_progress:
            on_progress(done, len(questions.queries))
    metrics = retrieval_metrics(rankings, questions.qrels, confidences)
    return EvaluationRun(metrics, confidences, seconds, rankings, score_questions(rankings, questions.qrels))
