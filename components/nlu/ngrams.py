"""The words and pieces of words in a message, as few numbers: what an embedder overlooks, such as a product's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import Matrix

MOST_NGRAMS = 30_000
DIMENSIONS = 300
PIECE_SIZES = (2, 3, 4, 5)
_WORD = re.compile(r"\w+")
_SEED = 0


@dataclass(frozen=True)
class NgramSpace:
    """Latent semantic analysis (Deerwester et al. 1990) of TF-IDF weighted n-grams: single words, pairs of words, and
    pieces of 2 to 5 characters inside a word.

    vocabulary: the n-grams in the order of the rows. weights: inverse document frequency, shape (n,). projection:
    shape (n, k), float16: it is the larger part of a model.
    """

    vocabulary: tuple[str, ...]
    weights: NDArray[np.float32]
    projection: NDArray[np.float16]

    @classmethod
    def fit(cls, texts: Sequence[str]) -> NgramSpace:
        """The space of these texts; of at most 30,000 n-grams, those in most texts. Deterministic."""
        from scipy.sparse import csr_matrix
        from sklearn.utils.extmath import randomized_svd

        counted = [Counter(ngrams(text)) for text in texts]
        frequencies = Counter(ngram for counts in counted for ngram in counts)
        kept = sorted(frequencies, key=lambda ngram: (-frequencies[ngram], ngram))[:MOST_NGRAMS]
        rarity = np.array([np.log((1 + len(texts)) / (1 + frequencies[ngram])) + 1 for ngram in kept], np.float32)
        known = cls(tuple(kept), rarity, np.zeros((len(kept), 0), np.float16))
        rows = [known._weighted(counts) for counts in counted]
        columns, values = (np.concatenate([row[part] for row in rows]) for part in (0, 1))
        starts = np.cumsum([0, *(len(row[0]) for row in rows)])
        matrix = csr_matrix((values, columns, starts), shape=(len(rows), len(kept)))
        size = min(DIMENSIONS, min(matrix.shape) - 1)
        if size < 1:
            return known
        _, _, directions = randomized_svd(matrix, size, n_iter=2, random_state=_SEED)
        return cls(tuple(kept), rarity, np.ascontiguousarray(directions.T, np.float16))

    def of(self, texts: Sequence[str]) -> Matrix:
        """One row a text, shape (n, k)."""
        found = np.empty((len(texts), self.projection.shape[1]), np.float32)
        for row, text in enumerate(texts):
            places, values = self._weighted(Counter(ngrams(text)))
            found[row] = np.einsum("n,nk->k", values, self.projection[places].astype(np.float32))
        return found

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {ngram: place for place, ngram in enumerate(self.vocabulary)}

    def _weighted(self, counts: Mapping[str, int]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Places and values of a text's known n-grams; those of words and those of pieces have length 1 each."""
        known = [
            (self._places[ngram], count, ngram[0] == "#") for ngram, count in counts.items() if ngram in self._places
        ]
        places = np.array([place for place, _, _ in known], np.int32)
        values = (1 + np.log(np.array([count for _, count, _ in known], np.float32))) * self.weights[places]
        is_piece = np.array([piece for _, _, piece in known], bool)
        for part in (is_piece, ~is_piece):
            values[part] /= np.linalg.norm(values[part]) or 1.0
        return places, values


def ngrams(text: str) -> Iterator[str]:
    """Words, pairs of words, and pieces of words; a piece is marked by # before it.

    >>> sorted(ngrams("a b"))
    ['# a', '# a ', '# b', '# b ', '#a ', '#b ', 'a', 'a b', 'b']
    """
    words = _WORD.findall(text.lower())
    yield from words
    yield from map(" ".join, pairwise(words))
    for word in words:
        padded = f" {word} "
        for size in PIECE_SIZES:
            for start in range(len(padded) - size + 1):
                yield "#" + padded[start : start + size]
