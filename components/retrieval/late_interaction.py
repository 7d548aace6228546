"""The reranking stage: candidates ordered by how well the question's words are met, one by one and together."""

from __future__ import annotations

from typing import Any

from haystack import component, default_to_dict

from components.core.answers import Ranking
from components.core.embeddings import EmbeddedText
from components.retrieval.evidence import gather_evidence
from components.retrieval.scoring import DENSITY_WEIGHT, LEXICAL_WEIGHT, VECTOR_WEIGHT
from components.vectors.snapshot import IndexSnapshot


@component
class LateInteractionRanker:
    """Orders passages by MaxSim over stored token vectors, plus weighted cosine and BM25, less crowding.

    No second encoder runs: the question's token vectors meet those kept with each passage. With an
    embedder that gives no token vectors, cosine and BM25 decide.

    Example (in a pipeline's YAML):
        ranker:
          type: components.retrieval.late_interaction.LateInteractionRanker
          init_parameters: {vector_weight: 1.0, text_weight: 0.4, density_weight: 0.1, candidates: 60}
    """

    def __init__(
        self,
        vector_weight: float = VECTOR_WEIGHT,
        text_weight: float = LEXICAL_WEIGHT,
        density_weight: float = DENSITY_WEIGHT,
        candidates: int = 60,
        index: IndexSnapshot | None = None,
    ) -> None:
        """candidates: how many are scored; the rest keep their order behind them. index: given when the
        pipeline is loaded for a tenant; not part of the YAML."""
        self.vector_weight = vector_weight
        self.text_weight = text_weight
        self.density_weight = density_weight
        self.candidates = candidates
        self._index = index

    @component.output_types(passages=Ranking)
    def run(self, embedding: EmbeddedText, passages: Ranking) -> dict[str, Ranking]:
        """Raises IndexUnavailable where the vectors cannot be read."""
        if self._index is None:
            raise RuntimeError(
                "LateInteractionRanker has no index: load the pipeline with components.retrieval.loading"
            )
        if not passages:
            return {"passages": Ranking()}
        candidates = passages[: self.candidates]
        found = gather_evidence(self._index, embedding, candidates)
        scores = (
            found.maxsim
            + self.vector_weight * found.cosine
            + self.text_weight * found.lexical
            - self.density_weight * found.crowding
        )
        ranked = [
            passage.noted(
                {
                    "cosine": float(found.cosine[place]),
                    "maxsim": float(found.maxsim[place]),
                    "support": float(found.support[place]),
                    "late_interaction": float(scores[place]),
                },
                float(scores[place]),
            )
            for place, passage in enumerate(candidates)
        ]
        ranked.sort(key=lambda passage: -passage.score)
        return {"passages": Ranking([*ranked, *passages[self.candidates :]])}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(
            self,
            vector_weight=self.vector_weight,
            text_weight=self.text_weight,
            density_weight=self.density_weight,
            candidates=self.candidates,
        )
