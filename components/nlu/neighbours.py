"""How near a message is to the examples themselves: right where an intent is several things at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import Matrix

SHRINKAGE = 0.3
NEIGHBOURS = 3
_BLOCK = 1_000


@dataclass(frozen=True)
class Neighbours:
    """The examples in a space in which the spread inside an intent is even in all directions (within-class whitening;
    Fukunaga 1990), so that a cosine counts only what tells intents apart.

    whitening: shape (d, d). examples: unit rows, shape (n, d), ordered by intent. starts: of each intent's rows.
    """

    whitening: Matrix
    examples: Matrix
    starts: NDArray[np.int64]

    @classmethod
    def fit(cls, vectors: Matrix, labels: NDArray[np.int64]) -> Neighbours:
        """vectors: shape (n, d). labels: the number of each one's intent, every number from 0 on taken."""
        order = np.argsort(labels, kind="stable")
        vectors, labels = vectors[order], labels[order]
        starts = np.searchsorted(labels, np.arange(int(labels[-1]) + 1))
        means = np.add.reduceat(vectors, starts, axis=0) / np.bincount(labels)[:, None].astype(np.float32)
        spread = vectors - means[labels]
        covariance = spread.T.astype(np.float64) @ spread / len(vectors)
        # Shrunk towards the sphere (Ledoit and Wolf 2004), as there are often fewer examples than dimensions; where
        # the examples of every intent are alike, nothing is left to whiten.
        size = np.trace(covariance) / len(covariance)
        covariance = (1 - SHRINKAGE) * covariance + (SHRINKAGE * size + 1e-9) * np.eye(len(covariance))
        values, directions = np.linalg.eigh(covariance)
        whitening = np.asarray((directions / np.sqrt(values)) @ directions.T, np.float32)
        return cls(whitening, _unit(vectors @ whitening), starts)

    def similarities(self, vectors: Matrix) -> tuple[Matrix, Matrix]:
        """Mean cosine with the three nearest examples: of each intent, shape (m, intents), and of all, shape (m, 1)."""
        parts = [self._block(vectors[start : start + _BLOCK]) for start in range(0, len(vectors), _BLOCK)]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def _block(self, vectors: Matrix) -> tuple[Matrix, Matrix]:
        cosines = product(_unit(product(vectors, self.whitening)), self.examples.T)
        ends = [*self.starts[1:].tolist(), len(self.examples)]
        by_intent = [_top(cosines[:, start:end]) for start, end in zip(self.starts.tolist(), ends, strict=True)]
        return np.stack(by_intent, axis=1), _top(cosines)[:, None]


def product(rows: Matrix, matrix: Matrix) -> Matrix:
    """`rows @ matrix`. One row is multiplied without BLAS: its threads, woken for a fraction of a millisecond while
    those of the embedder still spin on the same cores, were seen to take ten."""
    if len(rows) == 1:
        return np.asarray(np.einsum("d,dn->n", rows[0], matrix)[None], np.float32)
    return np.asarray(rows @ matrix, np.float32)


def _top(cosines: Matrix) -> Matrix:
    """Mean of each row's three largest numbers; a row of fewer counts its smallest for those that it lacks."""
    width = cosines.shape[1]
    if width <= NEIGHBOURS:
        missing = (NEIGHBOURS - width) * cosines.min(axis=1)
        return np.asarray((cosines.sum(axis=1) + missing) / NEIGHBOURS, np.float32)
    nearest = np.partition(cosines, width - NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
    return np.asarray(nearest.mean(axis=1), np.float32)


def _unit(rows: Matrix) -> Matrix:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)
