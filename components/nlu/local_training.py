"""Trains the local classifier, and finds out on messages that it has not seen how far it may be believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from components.core.embeddings import Matrix
from components.nlu.confidence import Confidence, best_threshold
from components.nlu.folds import group_numbers, stratified_folds
from components.nlu.local_model import LocalModel, Scores
from components.nlu.ngrams import NgramSpace
from components.nlu.training_data import LEAST_INTENTS

Progress = Callable[[str, int, int], None]

INFLUENCES = (2.0, 5.0, 10.0)
SHARPNESSES = tuple(float(sharpness) for sharpness in np.geomspace(0.25, 4, 17))
# A few messages are cheap to train on again and again; of many, fewer rounds tell as much.
ROUNDS, ROUNDS_OF_MANY, MANY = 5, 3, 3_000
_SEED = 0


@dataclass(frozen=True)
class Examples:
    """Messages with their vectors, unit rows, shape (n, ways of pooling, d)."""

    texts: tuple[str, ...]
    vectors: Matrix

    def at(self, chosen: NDArray[np.int64]) -> Examples:
        return Examples(tuple(self.texts[place] for place in chosen), self.vectors[chosen])

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True)
class Trained:
    """A model and what was found out about it. influence: as `Scores.by_intent` takes it. sharpness: of the softmax
    over those scores."""

    model: LocalModel
    influence: float
    sharpness: float
    confidence: Confidence


@dataclass(frozen=True)
class _Round:
    """What a model that has seen neither these messages nor these intents makes of them."""

    in_scope: Scores
    truth: NDArray[np.int64]
    foreign: Scores | None
    outside: Scores | None


def train(
    examples: Examples, labels: NDArray[np.int64], outside: Examples, *, threads: int, on_progress: Progress
) -> Trained:
    """labels: numbers of intents, each from 0 on taken, two at least. outside: examples of what belongs to no intent,
    may be none. The final model sees all examples; what it is believed was measured in rounds.

    In each round a part of every intent's messages and all messages of some intents are kept back: the former show
    how sure the model is where it is right, the latter how sure where nothing is right.
    """
    count = ROUNDS if len(examples) < MANY else ROUNDS_OF_MANY
    on_progress("training", 0, count + 1)
    space = NgramSpace.fit(examples.texts)
    folds = stratified_folds(labels, count, seed=_SEED)
    groups = group_numbers(int(labels.max()) + 1, count, seed=_SEED)
    parts = [outside.at(np.arange(number, len(outside), count)) for number in range(count)]
    # A thread a model rather than several a multiplication, which spend their time waiting for each other.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        final = pool.submit(LocalModel.fit, examples.texts, examples.vectors, labels, space)
        waiting = [
            pool.submit(_round, space, examples, labels, part, folds == number, groups[labels] == number)
            for number, part in enumerate(parts)
        ]
        pending: list[Future[Any]] = [final, *waiting]
        for done, _ in enumerate(as_completed(pending), 1):
            on_progress("training", done, count + 1)
        model, rounds = final.result(), [found for each in waiting if (found := each.result()) is not None]
    if not rounds:
        return Trained(model, INFLUENCES[0], 1.0, Confidence.untried())
    influence, sharpness = _sharpest(rounds)
    return Trained(model, influence, sharpness, _confidence(rounds, influence))


def _round(
    space: NgramSpace,
    examples: Examples,
    labels: NDArray[np.int64],
    outside: Examples,
    kept_back: NDArray[np.bool_],
    foreign: NDArray[np.bool_],
) -> _Round | None:
    seen = np.flatnonzero(~kept_back & ~foreign)
    known, numbers = np.unique(labels[seen], return_inverse=True)
    if len(known) < LEAST_INTENTS:
        return None
    part = examples.at(seen)
    fitted = LocalModel.fit(part.texts, part.vectors, numbers, space)
    # An intent of a single message is not known to the round that keeps it back.
    asked = np.flatnonzero(kept_back & ~foreign & np.isin(labels, known))

    def scores(chosen: Examples) -> Scores | None:
        return fitted.scores(chosen.texts, chosen.vectors) if len(chosen) else None

    in_scope = scores(examples.at(asked))
    if in_scope is None:
        return None
    truth = np.searchsorted(known, labels[asked])
    return _Round(in_scope, truth, scores(examples.at(np.flatnonzero(foreign))), scores(outside))


def _sharpest(rounds: Sequence[_Round]) -> tuple[float, float]:
    """The influence of the examples, and the sharpness, that make the right intents likeliest."""
    losses = {
        (influence, sharpness): sum(_loss(each, influence, sharpness) for each in rounds)
        for influence in INFLUENCES
        for sharpness in SHARPNESSES
    }
    return min(losses, key=losses.__getitem__)


def _loss(held: _Round, influence: float, sharpness: float) -> float:
    """Negative log-likelihood of the right intents."""
    chances = softmax(sharpness * held.in_scope.by_intent(influence))
    return float(-np.log(np.maximum(chances[np.arange(len(chances)), held.truth], 1e-12)).sum())


def softmax(scores: Matrix) -> Matrix:
    """Rows that sum to one."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def _confidence(rounds: Sequence[_Round], influence: float) -> Confidence:
    evidence = np.concatenate([each.in_scope.evidence(influence) for each in rounds])
    right = np.concatenate([each.in_scope.by_intent(influence).argmax(axis=1) == each.truth for each in rounds])
    nothing = np.zeros((0, evidence.shape[1]))
    foreign = np.concatenate([nothing, *(each.foreign.evidence(influence) for each in rounds if each.foreign)])
    outside = np.concatenate([nothing, *(each.outside.evidence(influence) for each in rounds if each.outside)])
    confidence = Confidence.fit(evidence, foreign, outside)
    threshold = best_threshold(
        confidence.of(evidence), right, confidence.of(foreign), confidence.of(outside), default=confidence.threshold
    )
    return replace(confidence, threshold=threshold)
