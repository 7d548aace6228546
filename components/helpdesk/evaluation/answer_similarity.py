"""How near an answer comes to the one that was expected, in meaning."""

from __future__ import annotations

from typing import Any

import numpy as np
from haystack import component, default_to_dict

from components.core.embeddings import Embedder
from components.models.markdown_text import plain_text
from components.retrieval.grounding.citations import without_marks


@component
class AnswerSimilarityEvaluator:
    """Haystack's SASEvaluator (semantic answer similarity; Risch et al., 2021) on the embedder that the helpdesk has
    loaded already: the same inputs and outputs, the cosine of the two texts' vectors. Marks such as [1] do not count,
    nor what comes after the embedder's longest text."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    @component.output_types(score=float, individual_scores=list[float])
    def run(self, ground_truth_answers: list[str], predicted_answers: list[str]) -> dict[str, Any]:
        """Raises ValueError where the lists are not of one length, ModelUnavailable."""
        if len(ground_truth_answers) != len(predicted_answers):
            raise ValueError("The number of predictions and labels must be the same.")
        scores = [
            float(np.dot(self._vector(expected), self._vector(given)))
            for expected, given in zip(ground_truth_answers, predicted_answers, strict=True)
        ]
        return {"score": float(np.mean(scores)) if scores else 0.0, "individual_scores": scores}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self)

    def _vector(self, text: str) -> Any:
        return self._embedder.embed_query(plain_text(without_marks(text))).vector
