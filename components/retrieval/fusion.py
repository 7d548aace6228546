"""One ranked list from several: by the mean of normalised scores (the design's rule) or by reciprocal rank."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from haystack import component, default_to_dict
from haystack.core.component.types import Variadic

from components.core.answers import Passage, Ranking
from components.core.errors import InvalidPipeline

Scores = dict[str, float]


def average_of_normalised(rankings: Sequence[Scores], _constant: int) -> Scores:
    """Mean over the lists of each score brought to 0..1 within its list (min-max); absent counts 0."""
    fused: Scores = {}
    for ranking in rankings:
        low, high = min(ranking.values(), default=0.0), max(ranking.values(), default=0.0)
        for key, score in ranking.items():
            share = (score - low) / (high - low) if high > low else 1.0
            fused[key] = fused.get(key, 0.0) + share / len(rankings)
    return fused


def reciprocal_rank(rankings: Sequence[Scores], constant: int) -> Scores:
    """Sum over the lists of 1 / (constant + rank), rank from 1 (Cormack, Clarke and Büttcher, 2009)."""
    fused: Scores = {}
    for ranking in rankings:
        ordered = sorted(ranking, key=lambda key: -ranking[key])
        for rank, key in enumerate(ordered, start=1):
            fused[key] = fused.get(key, 0.0) + 1.0 / (constant + rank)
    return fused


# Not under `from __future__ import annotations`: Haystack reads the Variadic marker from the live annotation.
METHODS: dict[str, Callable[[Sequence[Scores], int], Scores]] = {
    "average": average_of_normalised,
    "reciprocal_rank": reciprocal_rank,
}


@component
class RankFusion:
    """Merges any number of ranked lists; each passage keeps the scores that earlier stages gave it.

    Example:
        fusion = RankFusion(method="average")
        fusion.run(passages=[by_vector, by_text])["passages"]
    """

    def __init__(self, method: str = "average", constant: int = 60) -> None:
        """method: `average` or `reciprocal_rank`. constant: of reciprocal rank. Raises InvalidPipeline."""
        if method not in METHODS:
            raise InvalidPipeline(f"RankFusion method={method!r}: allowed are {', '.join(METHODS)}", field="method")
        if not isinstance(constant, int) or constant < 0:
            raise InvalidPipeline(
                f"RankFusion constant={constant!r}: a whole number from 0 is allowed", field="constant"
            )
        self.method = method
        self.constant = constant

    @component.output_types(passages=Ranking)
    def run(self, passages: Variadic[Ranking]) -> dict[str, Ranking]:
        """The union, best first; ties in the order of the first list that holds them."""
        rankings = [{passage.chunk_id: passage.score for passage in ranking} for ranking in passages]
        merged: dict[str, Passage] = {}
        for ranking in passages:
            for passage in ranking:
                known = merged.get(passage.chunk_id)
                merged[passage.chunk_id] = _with_stages(known, passage) if known else passage
        fused = METHODS[self.method](rankings, self.constant)
        order = sorted(merged, key=lambda key: -fused[key])
        return {"passages": Ranking(merged[key].scored("fused", fused[key]) for key in order)}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self, method=self.method, constant=self.constant)


def _with_stages(known: Passage, other: Passage) -> Passage:
    return replace(known, stage_scores={**other.stage_scores, **known.stage_scores})
