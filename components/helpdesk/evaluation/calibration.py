"""The threshold below which the helpdesk says that it does not know, learnt from a tenant's own questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FOLDS = 10
FEWEST = 5
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """A learnt threshold and what it does, estimated by cross-validation on questions it was not learnt from.

    coverage: share of the answerable questions that are answered. error: share of the unanswerable ones
    that are answered all the same.
    """

    threshold: float
    coverage: float
    error: float
    answerable: int
    unanswerable: int


def calibrate(answerable: Sequence[float], unanswerable: Sequence[float]) -> Calibration | None:
    """None where there are fewer than five questions of either kind: too few to learn from."""
    if min(len(answerable), len(unanswerable)) < FEWEST:
        return None
    right, wrong = np.asarray(answerable, dtype=float), np.asarray(unanswerable, dtype=float)
    answered: list[bool] = []
    mistaken: list[bool] = []
    for fold in range(FOLDS):
        held_right, held_wrong = right[fold::FOLDS], wrong[fold::FOLDS]
        learnt = _best_threshold(_without(right, fold), _without(wrong, fold))
        answered.extend(held_right >= learnt)
        mistaken.extend(held_wrong >= learnt)
    return Calibration(
        threshold=_best_threshold(right, wrong),
        coverage=float(np.mean(answered)),
        error=float(np.mean(mistaken)),
        answerable=len(right),
        unanswerable=len(wrong),
    )


def _without(scores: Scores, fold: int) -> Scores:
    keep = np.ones(len(scores), dtype=bool)
    keep[fold::FOLDS] = False
    return scores[keep]


def _best_threshold(right: Scores, wrong: Scores) -> float:
    """Where coverage less error is greatest (Youden's J), in the middle of the gap between neighbouring scores;
    among equals the highest, since a wrong answer costs a customer more than a refusal."""
    scores = np.unique(np.concatenate([right, wrong]))
    borders = np.concatenate([[scores[0] - 1e-6], (scores[1:] + scores[:-1]) / 2.0])
    gains = [float((right >= border).mean() - (wrong >= border).mean()) for border in borders]
    best = max(gains)
    return float(max(border for border, gain in zip(borders, gains, strict=True) if gain >= best - 1e-12))
