"""Does the knowledge answer this question at all? One number, compared with a threshold the tenant has learnt."""

from __future__ import annotations

from typing import Any

from haystack import component, default_to_dict

from components.core.answers import Ranking
from components.core.embeddings import EmbeddedText
from components.retrieval.evidence import gather_evidence
from components.vectors.snapshot import IndexSnapshot

# For a tenant without an evaluation set: between the thresholds that the two demo tenants learn.
DEFAULT_THRESHOLD = 0.49
CANDIDATES = 60
STAGE = "support"


@component
class AnswerabilityScorer:
    """The confidence that the knowledge answers: about 0.1 (nothing there) to 0.8 (nearly the same words)."""

    def __init__(self, index: IndexSnapshot | None = None) -> None:
        """index: given when the pipeline is loaded for a tenant; not part of the YAML."""
        self._index = index

    @component.output_types(passages=Ranking, confidence=float)
    def run(self, embedding: EmbeddedText, passages: Ranking) -> dict[str, Any]:
        """The passages unchanged, and the confidence; 0 where nothing was found."""
        if self._index is None:
            raise RuntimeError("AnswerabilityScorer has no index: load the pipeline with components.retrieval.loading")
        known = [passage.stage_scores[STAGE] for passage in passages if STAGE in passage.stage_scores]
        if not known and passages:
            known = gather_evidence(self._index, embedding, passages[:CANDIDATES]).support.tolist()
        return {"passages": passages, "confidence": max(known, default=0.0)}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self)
