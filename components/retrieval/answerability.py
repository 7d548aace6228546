"""Does the knowledge answer this question at all? One number, compared with a threshold the tenant has learnt."""

from __future__ import annotations

from typing import Any

import numpy as np
from haystack import component, default_to_dict

from components.core.answers import Passage
from components.core.embeddings import EmbeddedText
from components.retrieval.evidence import gather_evidence
from components.retrieval.scoring import answerability
from components.vectors.snapshot import IndexSnapshot

# For a tenant without an evaluation set: between the thresholds that the two demo tenants learn.
DEFAULT_THRESHOLD = 0.45
CANDIDATES = 60


@component
class AnswerabilityScorer:
    """The confidence that the best passage answers: about 0.2 (nothing there) to 0.9 (nearly the same words)."""

    def __init__(self, index: IndexSnapshot | None = None) -> None:
        """index: given when the pipeline is loaded for a tenant; not part of the YAML."""
        self._index = index

    @component.output_types(passages=list[Passage], confidence=float)
    def run(self, embedding: EmbeddedText, passages: list[Passage]) -> dict[str, Any]:
        """The passages unchanged, and the confidence; 0 where nothing was found."""
        if self._index is None:
            raise RuntimeError("AnswerabilityScorer has no index: load the pipeline with components.retrieval.loading")
        candidates = passages[:CANDIDATES]
        if not candidates:
            return {"passages": [], "confidence": 0.0}
        stages = [passage.stage_scores for passage in candidates]
        if all({"maxsim", "cosine", "crowding"} <= scores.keys() for scores in stages):
            maxsim, cosine, crowding = (
                np.array([scores[name] for scores in stages], np.float32) for name in ("maxsim", "cosine", "crowding")
            )
        else:
            found = gather_evidence(self._index, embedding, candidates)
            maxsim = found.plain if found.plain is not None else found.cosine
            cosine, crowding = found.cosine, found.crowding
        return {"passages": passages, "confidence": answerability(maxsim, cosine, crowding)}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self)
