"""The question's vectors, once, for every stage that needs them."""

from __future__ import annotations

from typing import Any

from haystack import component, default_to_dict

from components.core.embeddings import EmbeddedText, Embedder


@component
class QueryEmbedder:
    """Embeds the question: pooled vector, and token vectors where the model has them."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        """embedder: given when the pipeline is loaded for a tenant; not part of the YAML."""
        self._embedder = embedder

    @component.output_types(embedding=EmbeddedText)
    def run(self, query: str) -> dict[str, EmbeddedText]:
        """Raises ModelUnavailable where a remote embedder cannot be reached."""
        if self._embedder is None:
            raise RuntimeError("QueryEmbedder has no embedder: load the pipeline with components.retrieval.loading")
        return {"embedding": self._embedder.embed_query(query)}

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self)
