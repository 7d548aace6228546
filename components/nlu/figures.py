"""What the figures of an engine of understanding are, each defined in one place for every engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.core.nlu import Understanding
from components.nlu.training_data import LabelledMessage


@dataclass(frozen=True)
class IntentScore:
    """How one intent fares. support: test messages of it."""

    intent: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Confusion:
    """How often messages of one intent were taken for another."""

    intent: str
    taken_for: str
    count: int


@dataclass(frozen=True)
class AtThreshold:
    """What a customer gets. in_scope_accuracy: share of in-scope messages that are at or above the threshold and right.
    out_of_scope_recall: share of out-of-scope messages below it."""

    threshold: float
    in_scope_accuracy: float
    out_of_scope_recall: float


@dataclass(frozen=True)
class NluReport:
    """Figures over the in-scope test messages, without a threshold, unless said otherwise.

    macro_f1: over the intents that the test names. entity_f1: micro, an entity is right where name and place are; None
    where the test marks none. unknown_intents: of the test, never seen in training: errors all. intents: worst first.
    confusions: most frequent first. utterances_per_second: one at a time, the embedding included.
    """

    messages: int
    accuracy: float
    macro_f1: float
    intents: tuple[IntentScore, ...]
    confusions: tuple[Confusion, ...]
    unknown_intents: tuple[str, ...]
    entity_f1: float | None
    utterances_per_second: float
    out_of_scope_auroc: float | None = None
    at_threshold: AtThreshold | None = None


def report_on(
    test: Sequence[LabelledMessage],
    understood: Sequence[Understanding],
    outside: Sequence[Understanding],
    *,
    known: Sequence[str],
    seconds: float,
) -> NluReport:
    """understood: what an engine made of each test message; outside: of out-of-scope ones, may be none. known: intents
    it was trained on. seconds: that it took for all of them."""
    pairs = Counter((message.intent, found.intent) for message, found in zip(test, understood, strict=True))
    right = sum(count for (intent, taken), count in pairs.items() if intent == taken)
    scores = [_score(intent, pairs) for intent in sorted({message.intent for message in test})]
    wrong = [(intent, taken, count) for (intent, taken), count in pairs.items() if intent != taken]
    wrong.sort(key=lambda each: (-each[2], each[0], str(each[1])))
    return NluReport(
        messages=len(test),
        accuracy=right / max(1, len(test)),
        macro_f1=sum(score.f1 for score in scores) / max(1, len(scores)),
        intents=tuple(sorted(scores, key=lambda score: (score.f1, score.intent))),
        confusions=tuple(Confusion(intent, taken or "nothing", count) for intent, taken, count in wrong),
        unknown_intents=tuple(sorted({score.intent for score in scores} - set(known))),
        entity_f1=_entity_f1(test, understood),
        utterances_per_second=(len(understood) + len(outside)) / max(seconds, 1e-9),
        out_of_scope_auroc=_auroc(understood, outside),
        at_threshold=_at_threshold(test, understood, outside, understood[0].threshold) if test and outside else None,
    )


def _score(intent: str, pairs: Counter[tuple[str, str | None]]) -> IntentScore:
    hits = pairs[intent, intent]
    named = sum(count for (_, taken), count in pairs.items() if taken == intent)
    support = sum(count for (true, _), count in pairs.items() if true == intent)
    return IntentScore(
        intent,
        precision=hits / named if named else 0.0,
        recall=hits / support if support else 0.0,
        f1=2 * hits / (named + support) if named + support else 0.0,
        support=support,
    )


def _auroc(understood: Sequence[Understanding], outside: Sequence[Understanding]) -> float | None:
    """Chance that an in-scope message is surer than an out-of-scope one, ties half: Mann and Whitney's U (1947)."""
    if not understood or not outside:
        return None
    below = np.sort([found.confidence for found in outside])
    sure = np.array([found.confidence for found in understood])
    wins = np.searchsorted(below, sure, "left") + np.searchsorted(below, sure, "right")
    return float(wins.mean() / (2 * len(below)))


def threshold_curve(
    test: Sequence[LabelledMessage],
    understood: Sequence[Understanding],
    outside: Sequence[Understanding],
    steps: int = 100,
) -> tuple[AtThreshold, ...]:
    """What each threshold from 0 to 1 would give a customer; empty where messages of one side are missing."""
    if not test or not outside:
        return ()
    return tuple(_at_threshold(test, understood, outside, step / steps) for step in range(steps + 1))


def _at_threshold(
    test: Sequence[LabelledMessage],
    understood: Sequence[Understanding],
    outside: Sequence[Understanding],
    threshold: float,
) -> AtThreshold:
    kept = sum(
        found.intent == message.intent and found.confidence >= threshold
        for message, found in zip(test, understood, strict=True)
    )
    caught = sum(found.intent is None or found.confidence < threshold for found in outside)
    return AtThreshold(threshold, kept / len(test), caught / len(outside))


def _entity_f1(test: Sequence[LabelledMessage], understood: Sequence[Understanding]) -> float | None:
    true = [{(entity.name, entity.start, entity.end) for entity in message.entities} for message in test]
    if not any(true):
        return None
    named = [{(entity.name, entity.start, entity.end) for entity in found.entities} for found in understood]
    hits = sum(len(one & other) for one, other in zip(true, named, strict=True))
    return 2 * hits / (sum(map(len, true)) + sum(map(len, named)))
