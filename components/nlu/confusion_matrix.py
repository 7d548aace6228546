"""Which intents are taken for which, as a matrix to draw."""

from __future__ import annotations

from dataclasses import dataclass

from components.nlu.figures import NluReport


@dataclass(frozen=True)
class ConfusionMatrix:
    """counts: a row an intent, a column what its messages were taken for, both in the order of `intents`."""

    intents: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def confusion_matrix(report: NluReport, most: int = 40) -> ConfusionMatrix:
    """The intents that the test names and those they were taken for; past `most` of them those that are confused most
    often, in the order of their names."""
    wrong = {(each.intent, each.taken_for): each.count for each in report.confusions}
    right = {score.intent: round(score.recall * score.support) for score in report.intents}
    involved = dict.fromkeys(right, 0)
    for (intent, taken), count in wrong.items():
        involved[intent] = involved.get(intent, 0) + count
        involved[taken] = involved.get(taken, 0) + count
    shown = tuple(sorted(sorted(involved, key=lambda intent: (-involved[intent], intent))[:most]))
    counts = tuple(
        tuple(right.get(intent, 0) if intent == taken else wrong.get((intent, taken), 0) for taken in shown)
        for intent in shown
    )
    return ConfusionMatrix(shown, counts)
