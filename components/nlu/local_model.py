"""The arithmetic of the local classifier: from vectors and texts to a score for each intent, and what speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import Matrix, Vector
from components.nlu.neighbours import Neighbours, product
from components.nlu.ngrams import NgramSpace

# Weight of the n-grams beside the embedding, and the inverse strength of regularisation; from 5 to 50 did alike.
NGRAM_WEIGHT = 0.7
FREEDOM = 10.0
MOST_STEPS = 150


@dataclass(frozen=True)
class Scores:
    """What a model makes of m messages.

    logits: of the regression, centred, shape (m, intents). cosines: mean cosine with each intent's nearest examples,
    same shape. nearest: mean cosine with the nearest examples of all, shape (m, 1).
    """

    logits: Matrix
    cosines: Matrix
    nearest: Matrix

    def by_intent(self, influence: float) -> Matrix:
        """What counts: shape (m, intents), centred. influence: of a cosine beside a log-probability."""
        combined = self.logits + influence * self.cosines
        return np.asarray(combined - combined.mean(axis=1, keepdims=True), np.float32)

    def evidence(self, influence: float) -> Matrix:
        """What speaks for the best intent, shape (m, 2): its score, and `nearest`."""
        return np.column_stack([self.by_intent(influence).max(axis=1), self.nearest])


@dataclass(frozen=True)
class LocalModel:
    """Multinomial logistic regression on the embedding and the n-grams, and the nearest examples beside it.

    centre: the mean embedding, shape (ways, d). weights: shape (features, intents). bias: shape (intents,).
    """

    centre: Matrix
    ngram_space: NgramSpace
    weights: Matrix
    bias: Vector
    neighbours: Neighbours

    @classmethod
    def fit(
        cls, texts: Sequence[str], vectors: Matrix, labels: NDArray[np.int64], ngram_space: NgramSpace
    ) -> LocalModel:
        """texts, vectors and labels belong together. vectors: unit rows, shape (n, ways of pooling, d). labels: numbers
        of intents, from 0 on, all used."""
        from sklearn.linear_model import LogisticRegression

        centre = vectors.mean(axis=0)
        untrained = cls(
            centre,
            ngram_space,
            np.zeros((0, 0), np.float32),
            np.zeros(0, np.float32),
            Neighbours.fit(_centred(vectors, centre), labels),
        )
        learner = LogisticRegression(C=FREEDOM, max_iter=MOST_STEPS)
        learner.fit(untrained._features(texts, vectors), labels)
        weights, bias = learner.coef_.T, learner.intercept_
        if len(bias) == 1:  # two intents: the one column is the second's
            weights, bias = np.hstack([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
        return replace(untrained, weights=np.asarray(weights, np.float32), bias=np.asarray(bias, np.float32))

    def scores(self, texts: Sequence[str], vectors: Matrix) -> Scores:
        """vectors: of the texts, as in `fit`."""
        logits = product(self._features(texts, vectors), self.weights) + self.bias
        cosines, nearest = self.neighbours.similarities(_centred(vectors, self.centre))
        return Scores(logits - logits.mean(axis=1, keepdims=True), cosines, nearest)

    def _features(self, texts: Sequence[str], vectors: Matrix) -> Matrix:
        return np.hstack([_centred(vectors, self.centre), NGRAM_WEIGHT * self.ngram_space.of(texts)])


def _centred(vectors: Matrix, centre: Matrix) -> Matrix:
    """What all messages share taken away, of each way of pooling alike: unit rows, shape (n, ways x d)."""
    moved = vectors - centre
    moved /= np.maximum(np.linalg.norm(moved, axis=2, keepdims=True), 1e-12) * np.sqrt(len(centre))
    return np.asarray(moved.reshape(len(vectors), -1), np.float32)
