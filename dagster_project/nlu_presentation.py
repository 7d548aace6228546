"""How the figures of an NLU model look in Dagster's interface."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from components.helpdesk.understanding.evaluations import EngineFigures, VersionEvaluation

Metadata = dict[str, dg.MetadataValue]


def nlu_metadata(evaluation: VersionEvaluation) -> Metadata:
    """Version, leader and why, and for each engine its figures, a table of intents and one of confusions."""
    shown: Metadata = {
        "version": dg.MetadataValue.text(evaluation.version),
        "leader": dg.MetadataValue.text(evaluation.leader),
        "promoted": dg.MetadataValue.bool(evaluation.promoted),
        "reason": dg.MetadataValue.text(evaluation.reason),
    }
    for figures in evaluation.engines:
        shown |= _figures(figures)
    for engine, why in evaluation.failed.items():
        shown[f"{engine}: failed"] = dg.MetadataValue.text(why)
    return shown


def _figures(figures: EngineFigures) -> Metadata:
    numbers = {
        "macro-F1": figures.macro_f1,
        "accuracy": figures.accuracy,
        "entity F1": figures.entity_f1,
        "threshold": figures.threshold,
        "seconds of one training": figures.train_seconds,
        "seconds of the cross-validation": figures.seconds,
    }
    intents = [
        (each.intent, each.support, f"{each.precision:.3f}", f"{each.recall:.3f}", f"{each.f1:.3f}")
        for each in sorted(figures.intents, key=lambda each: each.f1)
    ]
    confusions = [(each.intent, each.taken_for, each.count) for each in figures.confusions]
    shown: Metadata = {
        f"{figures.engine}: {name}": dg.MetadataValue.float(round(value, 4))
        for name, value in numbers.items()
        if value is not None
    }
    shown[f"{figures.engine}: messages"] = dg.MetadataValue.int(figures.messages)
    header = ("intent", "messages", "precision", "recall", "F1")
    shown[f"{figures.engine}: intents"] = dg.MetadataValue.md(_table(header, intents))
    shown[f"{figures.engine}: confusions"] = dg.MetadataValue.md(
        _table(("intent", "taken for", "messages"), confusions)
    )
    return shown


def _table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = ["| " + " | ".join(_cell(str(value)) for value in row) + " |" for row in rows]
    if not lines:
        return "None."
    return "\n".join(["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *lines])


def _cell(text: str) -> str:
    """Names of intents are anybody's to choose."""
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").split())
