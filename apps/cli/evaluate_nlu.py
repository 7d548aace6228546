"""`helpdesk evaluate nlu`: how well an engine trained on one file understands another."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from apps.cli.console import err, out, plain_table, print_json, progress_bar, warn
from apps.cli.context import PROJECT, AsJson
from components.core.errors import InvalidInput

if TYPE_CHECKING:
    from rich.progress import TaskID

    from components.core.embeddings import Embedder
    from components.core.nlu import EngineName, NluEngine
    from components.core.settings import Settings
    from components.nlu.evaluation import CrossValidation
    from components.nlu.figures import NluReport
    from components.nlu.rasa_training import RasaTrainer
    from components.nlu.training_data import NluData

    Step = Callable[[str, int, int], None]

# More would train Rasa for hours, five times over.
MOST_TO_TRY_RASA = 2_000
# As many as for a tenant (training.yml); of many messages fewer tell as much.
FOLDS, FOLDS_OF_MANY = 3, 2
SHOWN = 10
RASA_PROJECT = PROJECT / "apps" / "rasa"


class Engine(StrEnum):
    """Which engine is measured."""

    rasa = "rasa"
    local = "local"
    best = "best"


@dataclass(frozen=True)
class Chosen:
    """threshold: what cross-validation has found for Rasa; None for the local classifier, whose model has its own, and
    where Rasa was not cross-validated."""

    engine: EngineName
    threshold: float | None = None


def nlu(
    train: Annotated[Path, typer.Option(help="CSV with text and label, or a Rasa nlu.yml.")],
    test: Annotated[Path, typer.Option(help="The same, with messages that are not in --train.")],
    out_of_scope: Annotated[
        str | None, typer.Option(metavar="LABEL", help="Messages with this label belong to no intent.")
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="best: the one that leads by cross-validation on --train, as for a tenant.")
    ] = Engine.best,
    as_json: AsJson = False,
) -> None:
    """Train on one file, measure on another: accuracy, macro-F1, and what a confidence threshold keeps and catches.

    The threshold is chosen on --train alone. Accuracy and macro-F1 are over the in-scope messages, without it.

    Example: helpdesk evaluate nlu --train train.csv --test test.csv --out-of-scope oos
    """
    from components.core.settings import load_settings, quiet_third_parties

    quiet_third_parties()
    training, asked = _read(train, test, out_of_scope)
    settings = load_settings()
    trainer = _trainer(settings, needed=engine is Engine.rasa)
    with progress_bar(as_json=as_json) as bar:
        tasks: dict[str, TaskID] = {}

        def step(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage)
            bar.update(tasks[stage], completed=done, total=total)

        trial = _Trial(training, settings, trainer, step)
        chosen = trial.choose(engine, needs_threshold=out_of_scope is not None)
        report, train_seconds = trial.measure(chosen, asked)
    if report.unknown_intents:
        warn(f"{test}: never seen in training, so counted as errors: {', '.join(report.unknown_intents)}")
    figures = _figures(report, train_seconds)
    if as_json:
        print_json(figures)
    else:
        trained = {"engine": chosen.engine, "messages": report.messages, "intents": len(training.intents)}
        _show(figures | trained, report)


class _Trial:
    """One training file, and what engines make of it."""

    def __init__(self, training: NluData, settings: Settings, trainer: RasaTrainer | None, step: Step) -> None:
        self._training, self._settings, self._trainer, self._step = training, settings, trainer, step
        self._embedder: Embedder | None = None

    def choose(self, asked: Engine, *, needs_threshold: bool) -> Chosen:
        """Raises NluUnavailable where Rasa was asked for and cannot be trained."""
        if asked is Engine.local:
            return Chosen("local")
        if asked is Engine.rasa:
            return Chosen("rasa", self._cross_validated("rasa")[0].threshold if needs_threshold else None)
        why_not = None
        if self._trainer is None:
            why_not = "its environment is not there"
        elif len(self._training.messages) > MOST_TO_TRY_RASA:
            why_not = f"{len(self._training.messages):,} messages are more than {MOST_TO_TRY_RASA:,}"
        if why_not is not None:
            _say(f"Rasa was not tried: {why_not}; the local classifier is measured (--engine rasa insists)")
            return Chosen("local")
        from components.core.errors import NluUnavailable
        from components.helpdesk.understanding.evaluations import EngineFigures, choose_leader

        local, local_seconds = self._cross_validated("local")
        try:
            rasa, rasa_seconds = self._cross_validated("rasa")
        except NluUnavailable as error:
            warn(f"Rasa could not be tried, the local classifier is measured: {error.message}")
            return Chosen("local")
        leader = choose_leader(
            EngineFigures.of("local", local, local_seconds), EngineFigures.of("rasa", rasa, rasa_seconds)
        )
        _say(leader.reason)
        return Chosen(leader.engine, rasa.threshold if leader.engine == "rasa" else None)

    def measure(self, chosen: Chosen, test: NluData) -> tuple[NluReport, float]:
        """The figures, and the seconds that training took."""
        from components.nlu.evaluation import evaluate

        began = time.monotonic()
        with self._engine(chosen.engine, self._training) as engine:
            seconds = time.monotonic() - began
            report = evaluate(
                engine,
                test.messages,
                test.out_of_scope,
                known=self._training.intents,
                threshold=chosen.threshold,
                on_progress=self._step,
            )
        return report, seconds

    def _cross_validated(self, engine: EngineName) -> tuple[CrossValidation, float]:
        """What was found, and the seconds that it took."""
        from contextlib import ExitStack

        from components.nlu.evaluation import cross_validate

        folds = FOLDS if len(self._training.messages) <= MOST_TO_TRY_RASA else FOLDS_OF_MANY
        named = f"cross-validating {engine}"
        began = time.monotonic()
        with ExitStack() as running:

            def make(part: NluData) -> NluEngine:
                running.close()
                return running.enter_context(self._engine(engine, part))

            found = cross_validate(
                self._training, make, folds=folds, on_progress=lambda _, done, total: self._step(named, done, total)
            )
        return found, time.monotonic() - began

    @contextmanager
    def _engine(self, name: EngineName, data: NluData) -> Iterator[NluEngine]:
        if name == "rasa":
            from components.nlu.rasa_server import rasa_engine_trained_on

            if self._trainer is None:
                raise InvalidInput("Rasa was asked for without its environment")
            with rasa_engine_trained_on(self._trainer, data) as rasa:
                yield rasa
            return
        from components.nlu.local_classifier import LocalClassifier

        yield LocalClassifier.train(
            data, self._loaded_embedder(), threads=self._settings.threads, on_progress=self._step
        )

    def _loaded_embedder(self) -> Embedder:
        if self._embedder is None:
            from components.models.embedder_factory import embedder_from_settings

            self._embedder = embedder_from_settings(self._settings)
        return self._embedder


def _read(train: Path, test: Path, out_of_scope: str | None) -> tuple[NluData, NluData]:
    """The training and the test messages, the out-of-scope ones apart. Raises InvalidInput."""
    from components.nlu.labelled_csv import read_labelled
    from components.nlu.training_data import check_trainable

    training, asked = (read_labelled(path).counted_out(out_of_scope) for path in (train, test))
    for problems in (training.problems, asked.problems):
        for problem in problems[:SHOWN]:
            warn(problem)
        if len(problems) > SHOWN:
            warn(f"… and {len(problems) - SHOWN} more like these")
    check_trainable(training, str(train), least_messages=1)
    if not asked.messages:
        raise InvalidInput(f"{test}: all messages are labelled {out_of_scope!r}; one of an intent is needed at least")
    if out_of_scope is not None and not asked.out_of_scope:
        more = ", …" if len(asked.intents) > SHOWN else ""
        some = ", ".join(asked.intents[:SHOWN]) + more
        raise InvalidInput(f"--out-of-scope={out_of_scope}: {test} has no such label; its labels: {some}")
    return training, asked


def _trainer(settings: Settings, *, needed: bool) -> RasaTrainer | None:
    from components.nlu.rasa_server import find_rasa_python
    from components.nlu.rasa_training import RasaTrainer

    python = find_rasa_python(settings.rasa_python, PROJECT)
    if python is not None:
        return RasaTrainer(python, RASA_PROJECT)
    if needed:
        looked = settings.rasa_python or PROJECT / ".venv-rasa"
        raise InvalidInput(
            f"--engine=rasa: Rasa's environment is not there ({looked}); next: `make environment` builds it with "
            "Python 3.10, or HELPDESK_RASA_PYTHON names one; --engine local needs none",
            field="engine",
        )
    return None


def _figures(report: NluReport, train_seconds: float) -> dict[str, object]:
    """What --json gives, under the documented keys and no others."""
    figures: dict[str, object] = {"accuracy": report.accuracy, "macro_f1": report.macro_f1}
    if report.at_threshold is not None:
        figures["out_of_scope_auroc"] = report.out_of_scope_auroc
        figures["at_threshold"] = asdict(report.at_threshold)
    return figures | {
        "train_seconds": round(train_seconds, 3),
        "utterances_per_second": round(report.utterances_per_second, 1),
    }


def _show(figures: dict[str, object], report: NluReport) -> None:
    table = plain_table("figure", "value")
    for name, value in figures.items():
        rows = {f"{name}.{key}": inner for key, inner in value.items()} if isinstance(value, dict) else {name: value}
        for key, shown in rows.items():
            table.add_row(key, f"{shown:.4f}" if isinstance(shown, float) else str(shown))
    out.print(table)
    worst = plain_table("worst intents", "F1", "precision", "recall", "messages")
    for each in report.intents[:SHOWN]:
        worst.add_row(each.intent, f"{each.f1:.3f}", f"{each.precision:.3f}", f"{each.recall:.3f}", str(each.support))
    out.print(worst)
    if report.confusions:
        confused = plain_table("intent", "taken for", "times")
        for pair in report.confusions[:SHOWN]:
            confused.add_row(pair.intent, pair.taken_for, str(pair.count))
        out.print(confused)


def _say(what: str) -> None:
    """On standard error: standard output is for the figures."""
    err.print(what, markup=False, soft_wrap=True)
