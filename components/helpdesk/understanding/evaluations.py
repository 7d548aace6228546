"""How well each engine understood a project's data, and what follows: who leads, and whether a version is promoted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from components.core.atomic_file import write_atomically
from components.core.errors import NluUnavailable
from components.core.nlu import EngineName
from components.nlu.evaluation import CrossValidation
from components.nlu.figures import Confusion, IntentScore

EVALUATION_FILE = "evaluation.json"
# A version that falls further below what the served one had than this is held back, even where the data itself, which
# both are measured on, is at fault.
LARGEST_FALL = 0.1


@dataclass(frozen=True)
class EngineFigures:
    """One engine, cross-validated. macro_f1, accuracy: over all messages, each judged by a model that has not seen it,
    no threshold. threshold: the one found. train_seconds: of one training; seconds: of the whole cross-validation.
    intents, confusions: worst first, the latter as far as they are shown."""

    engine: EngineName
    macro_f1: float
    accuracy: float
    messages: int
    threshold: float
    train_seconds: float
    seconds: float
    entity_f1: float | None = None
    intents: tuple[IntentScore, ...] = ()
    confusions: tuple[Confusion, ...] = ()

    @classmethod
    def of(cls, engine: EngineName, found: CrossValidation, seconds: float) -> EngineFigures:
        """What a cross-validation found, in `seconds`."""
        report = found.report
        return cls(
            engine=engine,
            macro_f1=report.macro_f1,
            accuracy=report.accuracy,
            messages=report.messages,
            threshold=found.threshold,
            train_seconds=round(found.train_seconds, 3),
            seconds=round(seconds, 3),
            entity_f1=report.entity_f1,
            intents=report.intents,
            confusions=report.confusions,
        )

    @property
    def standard_error(self) -> float:
        """Of the macro-F1, taken for a share of the messages; that of a mean over intents is near it."""
        return math.sqrt(self.macro_f1 * (1 - self.macro_f1) / max(1, self.messages))


@dataclass(frozen=True)
class VersionEvaluation:
    """What was found of one version. engines: those tried, best known first. failed: why an engine could not be tried.
    before: macro-F1, on this version's data, of the version that served when this one was made. files: sha256 by
    name."""

    version: str
    leader: EngineName
    promoted: bool
    reason: str
    engines: tuple[EngineFigures, ...]
    files: Mapping[str, str]
    created_at: datetime
    before: float | None = None
    failed: Mapping[EngineName, str] = field(default_factory=dict)

    def of(self, engine: EngineName) -> EngineFigures | None:
        return next((figures for figures in self.engines if figures.engine == engine), None)


@dataclass(frozen=True)
class Leader:
    engine: EngineName
    reason: str


def choose_leader(local: EngineFigures, rasa: EngineFigures | None) -> Leader:
    """Rasa leads where its macro-F1 is the higher by more than the standard error of the difference; else the local
    classifier does, which answers faster and cannot be down. Both are judged on the same folds, so that the error of
    independent samples is the careful side."""
    if rasa is None:
        return Leader("local", f"local leads with macro-F1 {local.macro_f1:.3f}; Rasa was not tried")
    error = math.hypot(local.standard_error, rasa.standard_error)
    figures = f"macro-F1 local {local.macro_f1:.3f}, Rasa {rasa.macro_f1:.3f}, standard error {error:.3f}"
    if rasa.macro_f1 - local.macro_f1 > error:
        return Leader("rasa", f"Rasa leads: {figures}")
    return Leader("local", f"local leads: {figures}; Rasa must be better by more than the error")


@dataclass(frozen=True)
class Comparison:
    """Whether a version may serve. before: see VersionEvaluation."""

    acceptable: bool
    reason: str
    before: float | None = None


def compare(new: EngineFigures, before: EngineFigures | None, recorded: float | None) -> Comparison:
    """new, before: the local recipe on this version's and on the served version's examples, both judged on the messages
    of this version that the model has not seen. recorded: the served version's own macro-F1 when it was made."""
    if before is None:
        return Comparison(True, "there is no other version to compare with")
    figures = f"macro-F1 {new.macro_f1:.3f}, with the served version's examples {before.macro_f1:.3f}"
    if new.macro_f1 < before.macro_f1 - before.standard_error:
        return Comparison(False, f"worse than what serves: {figures}", before.macro_f1)
    if recorded is not None and new.macro_f1 < recorded - LARGEST_FALL:
        fall = f"macro-F1 {new.macro_f1:.3f}, the served version had {recorded:.3f}"
        return Comparison(False, f"fell by more than {LARGEST_FALL:g}: {fall}", before.macro_f1)
    return Comparison(True, f"no worse than what serves: {figures}", before.macro_f1)


_EVALUATION = TypeAdapter(VersionEvaluation)


def read_evaluation(folder: Path) -> VersionEvaluation | None:
    """What was recorded in a version's folder; None where nothing was. Raises NluUnavailable for a file that cannot be
    read."""
    try:
        return _EVALUATION.validate_json((folder / EVALUATION_FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise NluUnavailable(f"{folder / EVALUATION_FILE} cannot be read: train anew") from error


def write_evaluation(folder: Path, evaluation: VersionEvaluation) -> None:
    write_atomically(folder / EVALUATION_FILE, _EVALUATION.dump_json(evaluation, indent=2))
