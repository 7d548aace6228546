"""The figures of retrieval: nDCG, recall, reciprocal rank, and how well a score tells what is answerable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np


@dataclass(frozen=True)
class RetrievalMetrics:
    """Means over the queries that have a relevant document.

    answerability_auroc: chance that a question with an answer scores above one without;
    coverage_at_90_precision: share of the answerable questions that are answered at the lowest
    threshold where at least 90 % of the answered ones are answerable. Both None where every query
    has a relevant document.
    """

    queries: int
    ndcg_at_10: float
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    mrr_at_10: float
    answerability_auroc: float | None = None
    coverage_at_90_precision: float | None = None


def ndcg(ranking: Sequence[str], relevant: Mapping[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain, gain = grade, discount = log2(rank + 1), as trec_eval has it
    (Järvelin and Kekäläinen, 2002)."""
    gain = sum(relevant.get(document, 0) / log2(rank + 1) for rank, document in enumerate(ranking[:depth], start=1))
    best = sorted(relevant.values(), reverse=True)[:depth]
    ideal = sum(grade / log2(rank + 1) for rank, grade in enumerate(best, start=1))
    return gain / ideal if ideal else 0.0


def recall(ranking: Sequence[str], relevant: Mapping[str, int], depth: int) -> float:
    """Share of the relevant documents among the first `depth`."""
    return len(set(ranking[:depth]) & set(relevant)) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], relevant: Mapping[str, int], depth: int = 10) -> float:
    """1 / rank of the first relevant document among the first `depth`, else 0."""
    for rank, document in enumerate(ranking[:depth], start=1):
        if document in relevant:
            return 1.0 / rank
    return 0.0


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """Area under the ROC curve as the Mann-Whitney statistic, ties counting half; None where one side is empty."""
    if not positives or not negatives:
        return None
    low = np.sort(np.asarray(negatives, dtype=float))
    scores = np.asarray(positives, dtype=float)
    below = np.searchsorted(low, scores, side="left")
    not_above = np.searchsorted(low, scores, side="right")
    return float(np.mean((below + not_above) / 2.0) / len(low))


def coverage_at_precision(positives: Sequence[float], negatives: Sequence[float], precision: float) -> float | None:
    """Largest share of the positives at or above a threshold where at least `precision` of all at or above
    it are positives; 0 where no threshold reaches it, None where one side is empty."""
    if not positives or not negatives:
        return None
    best = 0.0
    right, wrong = np.asarray(positives, dtype=float), np.asarray(negatives, dtype=float)
    for threshold in np.unique(right):
        answered, mistaken = int((right >= threshold).sum()), int((wrong >= threshold).sum())
        if answered / (answered + mistaken) >= precision:
            best = max(best, answered / len(right))
    return best


def retrieval_metrics(
    rankings: Mapping[str, Sequence[str]],
    qrels: Mapping[str, Mapping[str, int]],
    confidences: Mapping[str, float],
) -> RetrievalMetrics:
    """rankings: query -> document ids, best first, each once. confidences: query -> answerability."""
    judged = [query for query in rankings if query in qrels]

    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values)) if values else 0.0

    answerable = [confidences[query] for query in judged]
    unanswerable = [confidences[query] for query in rankings if query not in qrels]
    return RetrievalMetrics(
        queries=len(judged),
        ndcg_at_10=mean([ndcg(rankings[query], qrels[query]) for query in judged]),
        recall_at_1=mean([recall(rankings[query], qrels[query], 1) for query in judged]),
        recall_at_5=mean([recall(rankings[query], qrels[query], 5) for query in judged]),
        recall_at_10=mean([recall(rankings[query], qrels[query], 10) for query in judged]),
        mrr_at_10=mean([reciprocal_rank(rankings[query], qrels[query]) for query in judged]),
        answerability_auroc=auroc(answerable, unanswerable),
        coverage_at_90_precision=coverage_at_precision(answerable, unanswerable, 0.9),
    )
