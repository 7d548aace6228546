"""How sure a figure is: intervals that hold the true value 95 times of 100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 4000
_NORMAL = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True)
class Interval:
    """low and high: of the value, at the confidence of 95 %."""

    value: float
    low: float
    high: float


def share(successes: int, total: int) -> Interval | None:
    """Of a proportion, by Wilson's score (Wilson, 1927), which holds for small numbers and for shares near 0 and 1.
    None where total is 0. Raises ValueError where successes are not within 0 to total."""
    if not 0 <= successes <= total:
        raise ValueError(f"successes={successes}: 0 to {total} are allowed")
    if total == 0:
        return None
    return _wilson(successes / total, total)


def mean_within(total: float, count: int, lowest: float, highest: float) -> Interval | None:
    """Of a mean of `count` values between `lowest` and `highest` that sum to `total`, such as stars: Wilson's score of
    where it lies between the two. No such values vary more than zeros and ones do, so that it is rather too wide than
    too narrow, and it holds for few values and for equal ones. None where there is no value."""
    if count == 0:
        return None
    width = highest - lowest
    found = _wilson((total / count - lowest) / width, count)
    return Interval(total / count, lowest + width * found.low, lowest + width * found.high)


def _wilson(value: float, total: int) -> Interval:
    spread = _NORMAL**2 / total
    middle = (value + spread / 2) / (1 + spread)
    half = sqrt(value * (1 - value) * spread + spread**2 / 4) / (1 + spread)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Interval(value, low if value > 0 else 0.0, high if value < 1 else 1.0)


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
