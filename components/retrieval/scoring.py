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

from components.vectors.token_codec import SPECIAL_PIECES, is_content

Floats = NDArray[np.float32]

# Ranking: MaxSim + VECTOR_WEIGHT * cosine + LEXICAL_WEIGHT * attained BM25 - DENSITY_WEIGHT * density.
VECTOR_WEIGHT = 1.0
LEXICAL_WEIGHT = 0.4
DENSITY_WEIGHT = 0.1
DENSITY_NEIGHBOURS = 10
IDF_POWER = 0.5

# Answerability: the better of token evidence and sentence evidence, less density, over the question's clauses.
ANSWER_DENSITY_WEIGHT = 0.3
# How far the pooled cosine is trusted beside MaxSim: passages about one thing (coherent) have telling pooled vectors.
SHIFT_PER_COHERENCE = 3.0
NEUTRAL_COHERENCE = 0.55
SMALLEST_SHIFT, GREATEST_SHIFT = -0.05, 0.15
CLAUSE_ENDS = frozenset(",.?!")
CLAUSE_MIN_PIECES = 4
CLAUSE_PENALTY = 0.03  # A clause alone proves a little less than the whole question.

BM25_K1 = 1.2  # Lance's and Lucene's default.

_STOP_WORDS = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this"
    " to was will with what which who whom how when where why do does did can could would should i my me we you your"
    " our has have had from about s t am been were its his her he she than so"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())


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


def clauses(pieces: Sequence[str]) -> list[slice]:
    """The whole question, and where it has several clauses of some length each of them: in a story, one clause asks.

    `pieces` with their specials, in the order of the token vectors.
    """
    content = np.cumsum([0, *(is_content(piece) for piece in pieces)])
    cuts = [0]
    for i, piece in enumerate(pieces):
        enough = min(content[i] - content[cuts[-1]], content[-1] - content[i]) >= CLAUSE_MIN_PIECES
        if piece in CLAUSE_ENDS and enough:
            cuts.append(i + 1)
    whole = [slice(0, len(pieces))]
    if len(cuts) == 1:
        return whole
    return whole + [slice(a, b) for a, b in zip(cuts, [*cuts[1:], len(pieces)], strict=True)]


def clause_weights(pieces: Sequence[str], parts: Sequence[slice], frequencies: Frequencies) -> Floats:
    """Weights of the query tokens clause by clause, (clauses, query tokens): all content alike, every row's sum one."""
    weights = np.zeros((len(parts), len(pieces)), np.float32)
    for row, part in zip(weights, parts, strict=True):
        row[part] = token_weights(pieces[part], frequencies, power=0.0)
    return weights


def clause_vectors(vector: Floats, tokens: Floats, parts: Sequence[slice]) -> Floats:
    """Pooled vectors clause by clause, (clauses, dimensions); the first is the whole question's own."""
    pooled = [vector, *(np.asarray(tokens[part], np.float32).mean(axis=0) for part in parts[1:])]
    return np.stack([x / max(float(np.linalg.norm(x)), 1e-9) for x in pooled]).astype(np.float32)


def cosine_shift(corpus_coherence: float | None) -> float:
    """What is added to the pooled cosine before it competes with MaxSim, from the mean coherence of the passages."""
    if corpus_coherence is None:
        return 0.0
    return float(np.clip(SHIFT_PER_COHERENCE * (corpus_coherence - NEUTRAL_COHERENCE), SMALLEST_SHIFT, GREATEST_SHIFT))


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


def support(maxsim: Floats, cosine: Floats, crowding: Floats, shift: float) -> Floats:
    """How well each candidate supports the clause it meets best, (passages,): about 0.1 (nothing) to 0.8 (nearly
    the same words). The greatest of them is the answerability of the question.

    maxsim: clause_weights(...) @ best_matches(...), (clauses, passages). cosine: clause_vectors(...) @ pooled, same
    shape. crowding: density(...), (passages,). shift: cosine_shift(...). The greater of the two counts, since either
    kind of evidence may carry alone: words found one by one, or the sentence as a whole.
    """
    better = np.maximum(maxsim, cosine + shift) - ANSWER_DENSITY_WEIGHT * crowding
    better[1:] -= CLAUSE_PENALTY
    return np.asarray(better.max(axis=0), np.float32)
