"""The first stage: the question as it was meant, so that every later stage meets the words the documents use."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from haystack import component, default_to_dict

from components.core.embeddings import Embedder
from components.retrieval.spelling import Speller
from components.vectors.snapshot import IndexSnapshot


@component
class QuestionRepairer:
    """Mends misspelt words of the question after the tenant's own vocabulary; the customer's wording is stored
    as it came, only the search uses the mended one. With an embedder without wordpieces it does nothing, since
    then nothing tells a rare word from a slip."""

    def __init__(self, index: IndexSnapshot | None = None, embedder: Embedder | None = None) -> None:
        """index, embedder: given when the pipeline is loaded for a tenant; not part of the YAML."""
        self._index = index
        self._embedder = embedder

    @component.output_types(query=str)
    def run(self, query: str) -> dict[str, str]:
        """The mended question."""
        return {"query": self._speller.repair(query) if self._speller else query}

    @cached_property
    def _speller(self) -> Speller | None:
        if self._index is None or self._embedder is None:
            raise RuntimeError("QuestionRepairer is not bound: load the pipeline with components.retrieval.loading")
        embedder = self._embedder
        if not embedder.identity.has_tokens:
            return None
        return Speller(self._index.statistics.words, lambda word: len(embedder.token_spans(word)) == 1)

    def warm_up(self) -> None:
        """Builds the vocabulary before the first question."""
        _ = self._speller

    def to_dict(self) -> dict[str, Any]:
        return default_to_dict(self)
