"""Parts of a project's messages to try an engine on, each intent spread evenly over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Of fewer intents, none can be left out and two remain.
LEAST_INTENTS_TO_LEAVE_OUT = 3


def stratified_folds(labels: NDArray[np.int64], count: int, *, seed: int) -> NDArray[np.int64]:
    """The number of each message's fold, 0 to count - 1, shape (n,): an intent's messages are in as many folds as they
    can be, so that one of two messages is always in another fold."""
    chance = np.random.default_rng(seed)
    folds = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        places = chance.permutation(np.flatnonzero(labels == label))
        folds[places] = (np.arange(len(places)) + chance.integers(count)) % count
    return folds


def group_numbers(intents: int, count: int, *, seed: int) -> NDArray[np.int64]:
    """The number of the group that each intent is left out with, shape (intents,); -1, none, where there are too few
    intents to leave any out."""
    if intents < LEAST_INTENTS_TO_LEAVE_OUT:
        return np.full(intents, -1)
    return np.random.default_rng(seed).permutation(np.arange(intents) % max(count, LEAST_INTENTS_TO_LEAVE_OUT))
