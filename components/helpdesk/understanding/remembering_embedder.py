"""Spares a training the same text twice: cross-validation embeds every message once for each fold."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from components.core.embeddings import EmbeddedText, Embedder, ModelIdentity

MOST_TEXTS = 50_000


class RememberingEmbedder:
    """Keeps core's Embedder over another one, and the vectors of up to 50,000 texts for as long as it lives.
    Thread-safe. Of the token vectors it keeps the greatest value of each dimension, as one row: a training reads no
    more of them."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._passages: dict[str, EmbeddedText] = {}
        self._queries: dict[str, EmbeddedText] = {}
        self._lock = Lock()

    @property
    def identity(self) -> ModelIdentity:
        return self._embedder.identity

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return self._embedder.token_spans(text)

    def embed_passages(self, texts: Sequence[str]) -> list[EmbeddedText]:
        with self._lock:
            known = {text: self._passages[text] for text in texts if text in self._passages}
        missing = list(dict.fromkeys(text for text in texts if text not in known))
        if missing:
            made = dict(zip(missing, map(_pooled, self._embedder.embed_passages(missing)), strict=True))
            known |= made
            self._keep(self._passages, made)
        return [known[text] for text in texts]

    def embed_query(self, text: str) -> EmbeddedText:
        with self._lock:
            known = self._queries.get(text)
        if known is None:
            known = _pooled(self._embedder.embed_query(text))
            self._keep(self._queries, {text: known})
        return known

    def _keep(self, held: dict[str, EmbeddedText], made: dict[str, EmbeddedText]) -> None:
        with self._lock:
            if len(held) + len(made) <= MOST_TEXTS:
                held.update(made)


def _pooled(embedded: EmbeddedText) -> EmbeddedText:
    tokens = embedded.tokens
    if tokens is None or not len(tokens):
        return EmbeddedText(embedded.vector, tokens)
    return EmbeddedText(embedded.vector, tokens.max(axis=0, keepdims=True))
