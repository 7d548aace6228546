"""How well each question's documents were found, by Haystack's evaluators in a pipeline of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from haystack import Document, Pipeline
from haystack.components.evaluators import (
    DocumentMAPEvaluator,
    DocumentMRREvaluator,
    DocumentNDCGEvaluator,
    DocumentRecallEvaluator,
)

DEPTH = 10
_BY_ID = "id"


@dataclass(frozen=True)
class QuestionScores:
    """Of one question, over its ten best documents, each 0 to 1. Haystack's definitions are those of
    components.helpdesk.evaluation.metrics, but for a question with more than ten relevant documents, whose ideal
    Haystack does not cut at ten. map: average precision (Manning, Raghavan and Schütze, 2008, chapter 8)."""

    ndcg_at_10: float
    mrr_at_10: float
    map_at_10: float
    recall_at_10: float


def score_questions(
    rankings: Mapping[str, Sequence[str]], qrels: Mapping[str, Mapping[str, int]]
) -> dict[str, QuestionScores]:
    """Of every question that has a relevant document. rankings: query -> document ids, best first, each once."""
    judged = [query for query in rankings if query in qrels]
    if not judged:
        return {}
    inputs = {
        "ground_truth_documents": [_relevant(qrels[query]) for query in judged],
        "retrieved_documents": [[_document(name) for name in rankings[query][:DEPTH]] for query in judged],
    }
    pipeline = _evaluators()
    outputs = pipeline.run({name: inputs for name, _ in pipeline.walk()})
    scores = {name: output["individual_scores"] for name, output in outputs.items()}
    return {
        query: QuestionScores(**{name: float(values[place]) for name, values in scores.items()})
        for place, query in enumerate(judged)
    }


@cache
def _evaluators() -> Pipeline:
    pipeline = Pipeline()
    evaluators: dict[str, Any] = {
        "ndcg_at_10": DocumentNDCGEvaluator(document_comparison_field=_BY_ID),
        "mrr_at_10": DocumentMRREvaluator(document_comparison_field=_BY_ID),
        "map_at_10": DocumentMAPEvaluator(document_comparison_field=_BY_ID),
        "recall_at_10": DocumentRecallEvaluator("multi_hit", document_comparison_field=_BY_ID),
    }
    for name, evaluator in evaluators.items():
        pipeline.add_component(name, evaluator)
    return pipeline


def _relevant(grades: Mapping[str, int]) -> list[Document]:
    return [Document(id=name, content=name, score=float(grade)) for name, grade in grades.items()]


def _document(name: str) -> Document:
    return Document(id=name, content=name)
