"""How far passages carry a sentence: by words and meaning, and by what contradicts it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import EmbeddedText, Embedder
from components.models.word_evidence import STOP_WORDS, content_words, stem
from components.retrieval.grounding.contradictions import (
    missing_names,
    missing_quantities,
    polarity_clash,
    turned_round,
)
from components.retrieval.grounding.passage_evidence import PassageEvidence, cut_to_fit

# As many as the sentences that one written sentence usually draws together.
BEST_UNITS = 3
# The half-way point of `support`; from it on a sentence counts as supported.
SUPPORTED = 0.5
# From here on a clause that says no for a yes is a contradiction, not a doubt.
CLASH = 0.6
_STOP_WEIGHT, _MARK_WEIGHT = 0.15, 0.05
_PREFIX = 5
_SCOPE = re.compile(r"\b(?:only|all|every|always|any|each|also|both|as well|too)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Signals:
    """What speaks for and against a sentence, held against the three units of the passages that come nearest.

    matched: mean over its tokens of the greatest cosine with any of theirs (MaxSim; Khattab and Zaharia 2020), rare
    words weighing more; 0 from an embedder without token vectors. cosine: of the pooled vectors, the greatest.
    words: share of its content words that they hold, by rarity. clash: see polarity_clash. opposites: words that
    they have by their opposite only. scope: "only", "all" and the like that they do not have. numbers, names: those
    that the passages, whole, do not have.
    """

    matched: float
    cosine: float
    words: float
    clash: float
    opposites: int
    scope: int
    numbers: int
    names: int

    @property
    def contradicted(self) -> bool:
        """Whether it says a number or a name that is nowhere in the passages, or no for their yes."""
        return bool(self.numbers or self.names) or self.clash >= CLASH


_NOTHING = Signals(0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Support:
    """value: 0 to 1. nearest: (passage, unit) that carry it best, best first, as indices."""

    value: float
    signals: Signals
    nearest: tuple[tuple[int, int], ...] = ()

    @property
    def is_enough(self) -> bool:
        return self.value >= SUPPORTED


@dataclass(frozen=True)
class _Weights:
    matched: float
    cosine: float
    words: float
    clash: float
    opposites: float
    scope: float
    bias: float


_WITH_TOKENS = _Weights(1.9, 2.58, 0.0, -3.19, -1.11, -0.65, -2.33)
_WITHOUT_TOKENS = _Weights(0.0, 3.06, 0.68, -3.16, -1.16, -0.7, -1.71)


def support_of(signals: Signals, *, has_tokens: bool) -> float:
    """The likelihood, 0 to 1, that a person calls the sentence supported.

    A logistic regression over the development half of the labelled set (tests/benchmarks/bench_grounding.py, which
    prints the error on the other half); 0 for a number or a name that is nowhere in the passages, since no likeness
    of words makes up for these. Measured on the held-out half, with the bundled embedder: 18 % of 138 sentences are
    judged wrongly; of those called unsupported 89 % are, and 79 % of the unsupported are found. Blind spot: a
    condition or subject exchanged for another one of the same passage, of which two thirds pass. English.
    """
    if signals.numbers or signals.names:
        return 0.0
    weights = _WITH_TOKENS if has_tokens else _WITHOUT_TOKENS
    logit = (
        weights.bias
        + weights.matched * signals.matched
        + weights.cosine * signals.cosine
        + weights.words * signals.words
        + weights.clash * signals.clash
        + weights.opposites * signals.opposites
        + weights.scope * signals.scope
    )
    return 1 / (1 + math.exp(-logit))


class SupportScorer:
    """Holds sentences against the passages of one question; rarity is counted over these. Not thread-safe."""

    def __init__(self, passages: Sequence[PassageEvidence], embedder: Embedder) -> None:
        self._passages, self._embedder = passages, embedder
        self._last: tuple[str, EmbeddedText] | None = None
        held = [content_words(text) for passage in passages for text in passage.texts]
        self._units, self._frequency = len(held), Counter(word for words in held for word in words)

    def score(self, sentence: str, cited: Sequence[int]) -> Support:
        """How far the passages at the indices `cited` carry `sentence`, plain text without citations. Raises
        ModelUnavailable where the embedder cannot be reached."""
        own = self._embedded(sentence)
        weights, words = self._token_weights(own.pieces), content_words(sentence)
        found: list[tuple[float, int, int, float, NDArray[np.float32] | None]] = []
        for index in cited:
            passage = self._passages[index]
            for place, (text, theirs) in enumerate(zip(passage.texts, passage.embedded(self._embedder), strict=True)):
                cosine, matches = float(own.vector @ theirs.vector), _matches(own, theirs)
                matched = cosine if matches is None else float(weights @ matches)
                found.append((matched + self._share(words, text), index, place, cosine, matches))
        if not found:
            return Support(0.0, _NOTHING)
        best = sorted(found, key=lambda each: -each[0])[:BEST_UNITS]
        nearest = tuple((index, place) for _, index, place, _, _ in best)
        texts = [self._passages[index].texts[place] for index, place in nearest]
        tokens = [matches for *_, matches in best if matches is not None]
        whole = "\n".join(self._passages[index].whole for index in cited)
        clauses = [clause for index, place in nearest for clause in self._passages[index].clauses[place]]
        signals = Signals(
            matched=float(weights @ np.max(tokens, axis=0)) if tokens else 0.0,
            cosine=max(cosine for *_, cosine, _ in best),
            words=self._share(words, "\n".join(texts)),
            clash=polarity_clash(sentence, clauses),
            opposites=turned_round(sentence, texts[0]),
            scope=len(_scope(sentence) - _scope("\n".join(texts))),
            numbers=missing_quantities(sentence, whole),
            names=missing_names(sentence, whole),
        )
        return Support(support_of(signals, has_tokens=bool(tokens)), signals, nearest)

    def _embedded(self, sentence: str) -> EmbeddedText:
        """Of the last sentence, which is held against its own passages first and then against the others."""
        if self._last is None or self._last[0] != sentence:
            self._last = (sentence, self._embedder.embed_passages([cut_to_fit(sentence, self._embedder)])[0])
        return self._last[1]

    def share_of_words(self, sentence: str, text: str) -> float:
        """Share of the sentence's content words that `text` holds, by rarity, 0 to 1; 1 where it has none."""
        words = content_words(sentence)
        return self._share(words, text) if words else 1.0

    def _share(self, words: frozenset[str], text: str) -> float:
        held = content_words(text)
        total = sum(map(self._weight, sorted(words)))
        return sum(self._weight(word) for word in sorted(words) if _is_held(word, held)) / total if total else 0.0

    def _weight(self, word: str) -> float:
        return math.log(1 + (1 + self._units) / (1 + self._frequency[word]))

    def _token_weights(self, pieces: Sequence[str]) -> NDArray[np.float32]:
        """One weight a wordpiece, their sum 1: its word's, shared by the root of the number of its pieces."""
        words: list[list[str]] = []
        for piece in pieces:
            if piece.startswith("##") and words:
                words[-1].append(piece.removeprefix("##"))
            else:
                words.append([piece])
        weights: list[float] = []
        for parts in words:
            weights += [self._word_weight("".join(parts).casefold()) / len(parts) ** 0.5] * len(parts)
        total = sum(weights)
        return np.array([each / total for each in weights], dtype=np.float32)

    def _word_weight(self, word: str) -> float:
        if word in STOP_WORDS:
            return _STOP_WEIGHT
        return self._weight(stem(word)) if word[:1].isalnum() else _MARK_WEIGHT


def _matches(own: EmbeddedText, theirs: EmbeddedText) -> NDArray[np.float32] | None:
    """The greatest cosine of each token of the sentence with any of the unit's, shape (n_tokens,)."""
    if own.tokens is None or theirs.tokens is None or not len(own.tokens):
        return None
    if not len(theirs.tokens):
        return np.zeros(len(own.tokens), dtype=np.float32)
    return np.asarray((own.tokens @ theirs.tokens.T).max(axis=1), dtype=np.float32)


def _is_held(word: str, held: frozenset[str]) -> bool:
    """Whether the word or another form of it is there: "collected" for "collection"."""
    return word in held or (len(word) >= _PREFIX and any(other.startswith(word[:_PREFIX]) for other in held))


def _scope(text: str) -> set[str]:
    return {match[0].casefold() for match in _SCOPE.finditer(text)}
