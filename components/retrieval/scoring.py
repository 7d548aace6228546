"""Late-interaction ranking and answerability over a bi-encoder's own token vectors: pure functions on numpy.

Sources:
  MaxSim: Khattab and Zaharia 2020, "ColBERT" (arXiv:2004.12832); here zero-shot on a bi-encoder's token outputs.
  BM25 and its idf with +1 inside the logarithm: Robertson and Zaragoza 2009, as in Lucene and Lance.
  Density (hubness) correction: CSLS, Conneau et al. 2018 (arXiv:1710.04087), here among the candidates only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Ranking: MaxSim + VECTOR_WEIGHT * cosine + LEXICAL_WEIGHT * attained BM25 - DENSITY_WEIGHT * density.
VECTOR_WEIGHT = 1.0
LEXICAL_WEIGHT = 0.4
DENSITY_WEIGHT = 0.1
DENSITY_NEIGHBOURS = 10
IDF_POWER = 0.5

# Answerability: soft maximum of token evidence and sentence evidence, less density.
SOFTNESS = 15.0
COSINE_SHIFT = 0.03
ANSWER_DENSITY_WEIGHT = 0.3

BM25_K1 = 1.2  # Lance's and Lucene's default.

SPECIAL_PIECES = frozenset({"[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"})
_STOP_WORDS = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this"
    " to was will with what which who whom how when where why do does did can could would should i my me we you your"
    " our has have had from about s t am been were its his her he she than so"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())


def is_content(piece: str) -> bool:
    """Whether a wordpiece carries a letter or a digit; specials and punctuation are neither stored nor weighted."""
    return piece not in SPECIAL_PIECES and any(c.isalnum() for c in piece)


@dataclass(frozen=True)
class Frequencies:
    """In how many passages each wordpiece occurs; kept beside the index and updated with it."""

    passages: int
    document_frequency: Mapping[str, int]

    def idf(self, piece: str) -> float:
        df = self.document_frequency.get(piece, 0)
        return float(np.log1p((self.passages - df + 0.5) / (df + 0.5)))


def token_weights(pieces: Sequence[str], frequencies: Frequencies, power: float = IDF_POWER) -> Floats:
    """Weight of each query token in MaxSim: idf ** power, nothing for specials and punctuation; they sum to one."""
    w = np.array([frequencies.idf(p) ** power if is_content(p) else 0.0 for p in pieces], np.float32)
    if not w.any():
        w = np.ones(len(pieces), np.float32)
    return np.asarray(w / w.sum(), np.float32)


def attainable_bm25(pieces: Sequence[str], frequencies: Frequencies) -> float:
    """Upper bound of the query's BM25 score: (k1 + 1) * sum of its words' idf.

    A word's idf is that of its rarest wordpiece, which spares a second table. Dividing by it, rather than by the best
    hit, keeps a weak best hit weak.
    """
    words: dict[str, float] = {}
    word, rarity = "", 0.0
    for piece in [*pieces, "[SEP]"]:
        if piece.startswith("##"):
            word, rarity = word + piece[2:], max(rarity, frequencies.idf(piece))
            continue
        if word and is_content(word) and word not in STOP_WORDS:
            words[word] = rarity
        word, rarity = ("", 0.0) if piece in SPECIAL_PIECES else (piece, frequencies.idf(piece))
    return (BM25_K1 + 1.0) * max(sum(words.values()), 1e-6)


def best_matches(query_tokens: Floats, passage_tokens: Floats, lengths: Sequence[int] | NDArray[np.intp]) -> Floats:
    """Greatest cosine of every query token in every passage, (query tokens, passages).

    `passage_tokens` are the candidates' token vectors one below the other, `lengths` how many belong to each (> 0).
    """
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.asarray(np.maximum.reduceat(query_tokens @ passage_tokens.T, starts, axis=1), np.float32)


def density(vectors: Floats, neighbours: int = DENSITY_NEIGHBOURS) -> Floats:
    """Mean cosine of each candidate to its nearest other candidates: passages on a crowded topic prove less."""
    n = len(vectors)
    if n < 2:
        return np.zeros(n, np.float32)
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    k = min(neighbours, n - 1)
    return np.asarray(np.partition(similarity, n - k, axis=1)[:, n - k :].mean(axis=1), np.float32)


def ranking_score(maxsim: Floats, cosine: Floats, bm25: Floats, attainable: float, crowding: Floats) -> Floats:
    """What the candidates are ordered by. `maxsim` is token_weights(...) @ best_matches(...)."""
    lexical = np.minimum(bm25 / attainable, 1.0)
    score = maxsim + VECTOR_WEIGHT * cosine + LEXICAL_WEIGHT * lexical - DENSITY_WEIGHT * crowding
    return np.asarray(score, np.float32)


def answerability(maxsim: Floats, cosine: Floats, crowding: Floats) -> float:
    """How well the best candidate supports an answer; about 0.2 (nothing) to 0.9 (nearly the same words).

    `maxsim` here is the plain mean over the content tokens (token_weights with power=0). A soft maximum, since either
    kind of evidence may carry alone: words found one by one, or the sentence as a whole. Compare with a threshold
    chosen on the tenant's own evaluation questions.
    """
    if not len(maxsim):
        return 0.0
    either = np.logaddexp(SOFTNESS * maxsim, SOFTNESS * (cosine + COSINE_SHIFT)) / SOFTNESS
    return float((either - ANSWER_DENSITY_WEIGHT * crowding).max())
