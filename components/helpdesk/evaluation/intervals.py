"""How sure a figure is: intervals that hold the true value 95 times of 100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 4000


@dataclass(frozen=True)
class Interval:
    """low and high: of the value, at the confidence of 95 %."""

    value: float
    low: float
    high: float


def share(successes: int, total: int) -> Interval | None:
    """Of a proportion, by Wilson's score (Wilson, 1927), which holds for small numbers and for shares near 0 and 1.
    None where total is 0. Raises ValueError where successes are not within 0 to total."""
    from scipy.stats import binomtest

    if not 0 <= successes <= total:
        raise ValueError(f"successes={successes}: 0 to {total} are allowed")
    if total == 0:
        return None
    found = binomtest(successes, total).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(successes / total, float(found.low), float(found.high))


def mean(values: Sequence[float], seed: int = 0) -> Interval | None:
    """Of a mean, by the percentile bootstrap (Efron and Tibshirani, 1993). Given differences of pairs it is the paired
    test: a difference is more than chance where the interval leaves 0 out. None where there is no value; the same
    values give the same interval."""
    if not len(values):
        return None
    sample = np.asarray(values, dtype=float)
    chosen = np.random.default_rng(seed).integers(0, len(sample), size=(RESAMPLES, len(sample)))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(sample[chosen].mean(axis=1), (tail, 1 - tail))
    return Interval(float(sample.mean()), float(low), float(high))
