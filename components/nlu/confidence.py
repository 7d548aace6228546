"""How sure a score is: one number from 0 to 1 that is low also for what belongs to no intent, and where to cut it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import Matrix

Numbers = NDArray[np.float64]

# An in-scope message understood counts as much as this many out-of-scope messages found: a customer who is sent on
# without need is lost today, while an unfit answer is still checked by retrieval.
IN_SCOPE_WEIGHT = 3.5
_FEW = 20
# Of so many real out-of-scope messages half of the trust is theirs.
_HALF_TRUST = 200


@dataclass(frozen=True)
class Confidence:
    """Logistic regression on the evidence for the best intent (Platt 1999).

    mean, scale, weights: shape (2,), in the order of `Scores.evidence`. threshold: below it, a message is taken to be
    out of scope, or not understood.
    """

    mean: Numbers
    scale: Numbers
    weights: Numbers
    bias: float
    threshold: float = 0.5

    @classmethod
    def fit(cls, in_scope: Matrix, foreign: Matrix, outside: Matrix) -> Confidence:
        """All out of fold, shapes (n, 2): of messages whose intent the model knew; of those whose intent was left out,
        which stand for out-of-scope ones; of real out-of-scope ones. Both sides count alike, however many there are."""
        from sklearn.linear_model import LogisticRegression

        if len(foreign) + len(outside) < _FEW:
            return cls._of_in_scope(in_scope)
        rows = np.concatenate([in_scope, foreign, outside]).astype(np.float64)
        mean, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-6)
        labels = np.repeat([1, 0], [len(in_scope), len(rows) - len(in_scope)])
        shares = np.concatenate(
            [np.full(len(in_scope), 1 / max(1, len(in_scope))), _shares(len(foreign), len(outside))]
        )
        standard = (rows - mean) / scale
        used = np.arange(rows.shape[1])
        while True:
            learner = LogisticRegression().fit(standard[:, used], labels, sample_weight=shares * len(rows) / 2)
            # More evidence never makes it less sure: a weight below zero comes from chance, and is left out.
            kept = learner.coef_[0] > 0
            if kept.all() or not kept.any():
                break
            used = used[kept]
        weights = np.zeros(rows.shape[1])
        weights[used] = np.maximum(learner.coef_[0], 0)
        return cls(mean, scale, weights, float(learner.intercept_[0]))

    @classmethod
    def untried(cls) -> Confidence:
        """Where there are too few messages to keep any back: by the nearest examples alone."""
        return cls(np.array([0.0, 0.4]), np.array([1.0, 0.1]), np.array([0.0, 1.0]), 0.0)

    @classmethod
    def _of_in_scope(cls, rows: Matrix) -> Confidence:
        """Without examples of the contrary: a half at the least certain twentieth."""
        mean, scale = rows.mean(axis=0).astype(np.float64), np.maximum(rows.std(axis=0).astype(np.float64), 0.05)
        weights = np.array([0.5, 1.5])
        return cls(mean, scale, weights, -float(np.quantile((rows - mean) / scale @ weights, 0.05)))

    def of(self, evidence: Matrix) -> Numbers:
        """One number a row of `evidence`, 0 to 1, shape (n,)."""
        score = ((evidence - self.mean) / self.scale) @ self.weights + self.bias
        return np.asarray(1 / (1 + np.exp(-np.clip(score, -50, 50))), np.float64)


def best_threshold(
    in_scope: Numbers, right: NDArray[np.bool_], foreign: Numbers, outside: Numbers, *, default: float
) -> float:
    """Where IN_SCOPE_WEIGHT times the share of in-scope messages that are above it and right, plus the share of
    out-of-scope messages below it, is greatest; `default` where one of the two is missing.

    in_scope, foreign, outside: confidences, as in `Confidence.fit`. right: which in-scope ones were understood.
    """
    others, shares = np.concatenate([foreign, outside]), _shares(len(foreign), len(outside))
    if not len(in_scope) or not len(others):
        return default
    cuts = np.unique(np.concatenate([in_scope, others]))
    cuts = np.concatenate([[0.0], (cuts[1:] + cuts[:-1]) / 2, [(cuts[-1] + 1) / 2]])
    lost = np.searchsorted(np.sort(in_scope[right]), cuts) / len(in_scope)
    order = np.argsort(others)
    found = np.concatenate([[0.0], np.cumsum(shares[order])])[np.searchsorted(others[order], cuts)]
    gain = found - IN_SCOPE_WEIGHT * lost
    best = np.flatnonzero(gain >= gain.max() - 1e-9)
    return float(cuts[best[len(best) // 2]])


def _shares(foreign: int, outside: int) -> Numbers:
    """Weights that sum to one: the more real out-of-scope messages there are, the more they count."""
    real = outside / (outside + _HALF_TRUST) if foreign else 1.0
    return np.concatenate([np.full(foreign, (1 - real) / max(1, foreign)), np.full(outside, real / max(1, outside))])
