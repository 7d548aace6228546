"""How good an engine of understanding is, by figures that mean the same for every engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from components.core.nlu import NluEngine, Understanding
from components.nlu.confidence import Numbers, best_threshold
from components.nlu.figures import AtThreshold, NluReport, report_on, threshold_curve
from components.nlu.folds import group_numbers, stratified_folds
from components.nlu.training_data import LabelledMessage, NluData, check_trainable

PARSE_SECONDS = 30.0
LEAST_FOLDS = 2
LEFT_OUT_PARTS = 3
# Where neither out-of-scope examples nor intents to leave out show where to cut.
UNTRIED_THRESHOLD = 0.5
_REPORT_EVERY = 20

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CrossValidation:
    """An engine tried on messages that it was not trained on, each once. threshold: chosen on these confidences, in
    which messages of intents left out stand beside the data's own out-of-scope examples; report.at_threshold says what
    it does. train_seconds: of one fold, on average. curve: what other thresholds would do."""

    folds: int
    report: NluReport
    threshold: float
    train_seconds: float
    curve: tuple[AtThreshold, ...] = ()

    @property
    def accuracy(self) -> float:
        return self.report.accuracy

    @property
    def macro_f1(self) -> float:
        return self.report.macro_f1

    @property
    def entity_f1(self) -> float | None:
        return self.report.entity_f1


def evaluate(
    engine: NluEngine,
    test: Sequence[LabelledMessage],
    out_of_scope: Sequence[str] = (),
    *,
    known: Sequence[str],
    threshold: float | None = None,
    on_progress: Progress | None = None,
) -> NluReport:
    """test: in-scope messages. known: the intents that the engine was trained on. threshold: instead of the engine's
    own. Raises NluUnavailable where the engine fails."""
    asked = [*(message.text for message in test), *out_of_scope]
    understood: list[Understanding] = []
    began = time.monotonic()
    for done, text in enumerate(asked):
        if on_progress is not None and done % _REPORT_EVERY == 0:
            on_progress("testing", done, len(asked))
        understood.append(engine.parse(text, deadline=PARSE_SECONDS))
    seconds = time.monotonic() - began
    if on_progress is not None:
        on_progress("testing", len(asked), len(asked))
    if threshold is not None:
        understood = [replace(found, threshold=threshold) for found in understood]
    return report_on(test, understood[: len(test)], understood[len(test) :], known=known, seconds=seconds)


def cross_validate(
    data: NluData,
    make_engine: Callable[[NluData], NluEngine],
    *,
    folds: int = 5,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> CrossValidation:
    """Trains on all folds but one and asks about that one, for each of them; from three intents on once more without a
    third of the intents, and asks about those. make_engine: an engine trained on what it is given; the former one is
    not used any more. Raises InvalidNluData for fewer than two intents, and what `make_engine` and its engine raise.
    """
    check_trainable(data, "the data to cross-validate", least_messages=1)
    numbers = {intent: number for number, intent in enumerate(data.intents)}
    labels = np.array([numbers[message.intent] for message in data.messages])
    folds = max(LEAST_FOLDS, min(folds, int(np.bincount(labels).max())))
    fold_of = stratified_folds(labels, folds, seed=seed)
    left_out = group_numbers(len(numbers), LEFT_OUT_PARTS, seed=seed)[labels] == 0
    rounds = [_Round(data, fold_of == number, data.out_of_scope[number::folds]) for number in range(folds)]
    if left_out.any():
        rounds.append(_Round(data, left_out, ()))
    answers: list[list[Understanding]] = []
    train_seconds = seconds = 0.0
    for number, each in enumerate(rounds):
        if on_progress is not None:
            on_progress("cross-validating", number, len(rounds))
        began = time.monotonic()
        engine = make_engine(each.training)
        trained = time.monotonic()
        answers.append([engine.parse(text, deadline=PARSE_SECONDS) for text in each.texts])
        train_seconds, seconds = train_seconds + trained - began, seconds + time.monotonic() - trained
    if on_progress is not None:
        on_progress("cross-validating", len(rounds), len(rounds))
    return _summary(data, rounds[:folds], answers, seconds / sum(map(len, answers)), train_seconds / len(rounds))


class _Round:
    """What is asked about, and what an engine is trained on for that."""

    def __init__(self, data: NluData, asked: NDArray[np.bool_], outside: Sequence[str]) -> None:
        self.messages = tuple(message for message, out in zip(data.messages, asked, strict=True) if out)
        self.texts = (*(message.text for message in self.messages), *outside)
        kept = [message for message, out in zip(data.messages, asked, strict=True) if not out]
        others = list(data.out_of_scope)
        for text in outside:
            others.remove(text)
        self.training = replace(data.with_messages(kept), out_of_scope=tuple(others))


def _summary(
    data: NluData, rounds: Sequence[_Round], answers: Sequence[Sequence[Understanding]], each: float, training: float
) -> CrossValidation:
    asked = [message for one in rounds for message in one.messages]
    understood = [found for one, all_ in zip(rounds, answers, strict=False) for found in all_[: len(one.messages)]]
    outside = [found for one, all_ in zip(rounds, answers, strict=False) for found in all_[len(one.messages) :]]
    foreign = [found for all_ in answers[len(rounds) :] for found in all_]
    threshold = best_threshold(
        _confidences(understood),
        np.array([found.intent == message.intent for found, message in zip(understood, asked, strict=True)]),
        _confidences(foreign),
        _confidences(outside),
        default=UNTRIED_THRESHOLD,
    )
    at_threshold = [replace(found, threshold=threshold) for found in understood]
    report = report_on(asked, at_threshold, [*outside, *foreign], known=data.intents, seconds=each * len(asked))
    curve = threshold_curve(asked, understood, [*outside, *foreign])
    return CrossValidation(len(rounds), report, threshold, training, curve)


def _confidences(understood: Sequence[Understanding]) -> Numbers:
    return np.array([found.confidence for found in understood], np.float64)
