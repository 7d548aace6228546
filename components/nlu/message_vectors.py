"""Messages as the vectors that the local classifier works on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from components.core.embeddings import EmbeddedText, Embedder, Matrix
from components.core.errors import NluUnavailable
from components.nlu.local_entities import LONGEST_READ

_BATCH = 256


def embed_messages(texts: Sequence[str], embedder: Embedder, on_progress: Callable[[str, int, int], None]) -> Matrix:
    """Unit rows, shape (n, ways, d). Two ways of pooling, where the embedder gives token vectors: its own, and the
    greatest number of each dimension over the tokens, which keeps a single telling word from drowning in the mean.
    Else the one. Raises ModelUnavailable."""
    found: list[Matrix] = []
    for start in range(0, len(texts), _BATCH):
        on_progress("embedding", start, len(texts))
        part = [_cut(readable(text), embedder) for text in texts[start : start + _BATCH]]
        # A passage and a message are embedded alike here, also by an embedder that tells questions from passages.
        found += [_pooled(each) for each in embedder.embed_passages(part)]
    on_progress("embedding", len(texts), len(texts))
    ways = min(map(len, found))
    return np.stack([each[:ways] for each in found])


def embed_message(text: str, embedder: Embedder, *, ways: int) -> Matrix:
    """One message, shape (1, ways, d). Raises NluUnavailable where a model needs two ways and the embedder gives none
    of the tokens, ModelUnavailable."""
    pooled = _pooled(embedder.embed_passages([_cut(readable(text), embedder)])[0])
    if len(pooled) < ways:
        raise NluUnavailable(
            f"the embedder {embedder.identity.name!r} gives no token vectors, and the model needs them"
        )
    return pooled[None, :ways]


def readable(text: str) -> str:
    """The beginning, with halves of surrogate pairs, which no tokenizer reads, as question marks; offsets stay."""
    return text[:LONGEST_READ].encode("utf-8", "replace").decode()


def _pooled(embedded: EmbeddedText) -> Matrix:
    if embedded.tokens is None:
        return embedded.vector[None]
    if not len(embedded.tokens):
        return np.stack([embedded.vector, embedded.vector])
    greatest = embedded.tokens.max(axis=0)
    return np.stack([embedded.vector, greatest / max(float(np.linalg.norm(greatest)), 1e-12)])


def _cut(text: str, embedder: Embedder) -> str:
    """As much of the text as the embedder reads."""
    most = embedder.identity.max_tokens
    if len(text.encode()) <= most // 2:
        return text
    spans = embedder.token_spans(text)
    while len(spans) > most:
        # A cut text can have other tokens at its end.
        text = text[: spans[most - 1][1] - 1]
        spans = embedder.token_spans(text)
    return text
