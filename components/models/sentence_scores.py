"""How near each candidate sentence comes to the question in the embedder's eyes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import EmbeddedText, Embedder
from components.models.word_evidence import STOP_WORDS, stem

_STOP_WEIGHT = 0.15
_MARK_WEIGHT = 0.1


@dataclass(frozen=True)
class Nearness:
    """maxsim: weighted mean over the question's tokens of the greatest cosine with any token of the
    sentence, None from an embedder without token vectors. cosine: of the pooled vectors."""

    maxsim: float | None
    cosine: float


def score_sentences(
    question: str, sentences: Sequence[str], embedder: Embedder, *, weight: Callable[[str], float]
) -> list[Nearness]:
    """One Nearness a sentence, in order (MaxSim; Khattab and Zaharia 2020). weight: of a word's stem,
    above 0. Raises ModelUnavailable where the embedder cannot be reached."""
    asked = embedder.embed_query(question)
    weights = _token_weights(asked.pieces, weight)
    return [
        Nearness(_maxsim(asked, embedded, weights), float(asked.vector @ embedded.vector))
        for embedded in embedder.embed_passages(sentences)
    ]


def _maxsim(asked: EmbeddedText, embedded: EmbeddedText, weights: NDArray[np.float32]) -> float | None:
    if asked.tokens is None or embedded.tokens is None:
        return None
    if not len(embedded.tokens) or not len(asked.tokens):
        return 0.0
    best = (asked.tokens @ embedded.tokens.T).max(axis=1)
    return float(weights @ best) if len(weights) == len(best) else float(best.mean())


def _token_weights(pieces: Sequence[str], weight: Callable[[str], float]) -> NDArray[np.float32]:
    """One weight a wordpiece, their sum 1: its word's, shared by the root of the number of its pieces."""
    words: list[list[str]] = []
    for piece in pieces:
        if piece.startswith("##") and words:
            words[-1].append(piece.removeprefix("##"))
        else:
            words.append([piece])
    weights: list[float] = []
    for parts in words:
        word = "".join(parts)
        own = _word_weight(word, weight)
        weights += [own / len(parts) ** 0.5] * len(parts)
    total = sum(weights)
    return np.array([each / total for each in weights], dtype=np.float32)


def _word_weight(word: str, weight: Callable[[str], float]) -> float:
    if word in STOP_WORDS:
        return _STOP_WEIGHT
    return weight(stem(word)) if word[:1].isalnum() else _MARK_WEIGHT
