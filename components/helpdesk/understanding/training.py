"""One version of a project being trained: its files, and the figures that cross-validation finds for each engine."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from components.core.embeddings import Embedder
from components.core.errors import InvalidNluData, NluUnavailable
from components.core.nlu import EngineName, NluEngine, Understanding
from components.helpdesk.understanding.evaluations import EngineFigures
from components.helpdesk.understanding.projects import TRAINING_SETTINGS, NluProject, training_files
from components.helpdesk.understanding.serving import (
    LOCAL_FILE,
    RASA_FILE,
    SPEECH_FILE,
    ProjectSpeech,
    sha256_of,
    write_speech,
)
from components.nlu.evaluation import cross_validate
from components.nlu.local_classifier import LocalClassifier
from components.nlu.rasa_files import read_rasa_project
from components.nlu.rasa_server import rasa_engine_trained_on
from components.nlu.rasa_settings import read_rasa_settings
from components.nlu.rasa_training import RasaTrainer
from components.nlu.training_data import LEAST_MESSAGES, NluData

EXAMPLES = "examples"
_FOLDS = 5
_SEED = 42


@dataclass(frozen=True)
class TrainingStep:
    """What is being done, in words, and how far that is. total is 0 where it is not counted."""

    what: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class LocalTraining:
    """threshold: that the classifier has found for itself. files: sha256 by name."""

    threshold: float
    files: Mapping[str, str]


class VersionTraining:
    """Writes into the version's folder; nothing in it serves before a pointer names it."""

    def __init__(
        self, project: NluProject, version: str, embedder: Embedder, on_step: Callable[[TrainingStep], None]
    ) -> None:
        self.project, self.version = project, version
        self.folder = project.models / version
        self._embedder, self._on_step = embedder, on_step
        self._read: NluData | None = None

    @property
    def data(self) -> NluData:
        """What the project says now. Raises InvalidNluData."""
        if self._read is None:
            self._read = read_rasa_project(self.project.folder)
        return self._read

    def is_intact(self, files: Mapping[str, str], name: str) -> bool:
        """Whether the file is there as it was trained; the local model also for the embedder of today."""
        try:
            if sha256_of(self.folder / name) != files.get(name):
                return False
            if name == LOCAL_FILE:
                LocalClassifier.load(self.folder / name, self._embedder)
        except NluUnavailable:
            return False
        return True

    def train_local(self) -> LocalTraining:
        """The local classifier on all examples, saved. Raises InvalidNluData, ModelUnavailable."""
        data = self.data
        self.folder.mkdir(parents=True, exist_ok=True)
        self._on_step(TrainingStep("training the local classifier"))
        classifier = LocalClassifier.train(data, self._embedder)
        classifier.save(self.folder / LOCAL_FILE)
        write_speech(self.folder / SPEECH_FILE, ProjectSpeech(intents_of(data), data.responses))
        self._keep_examples()
        files = {name: sha256_of(self.folder / name) for name in (LOCAL_FILE, SPEECH_FILE)}
        return LocalTraining(classifier.threshold, files)

    def cross_validate_local(self, threshold: float) -> EngineFigures:
        """threshold: the classifier's own, with which it answers."""
        found = self._cross_validated("local", self._local, "cross-validating the local classifier")
        return replace(found, threshold=threshold)

    def with_examples_of(self, version: str) -> EngineFigures | None:
        """The local recipe, with the examples of another version, judged on this one's messages: those that are judged
        are left out of what it is trained on. None where that version's examples are gone, or too few of them left."""
        try:
            other = read_rasa_project(self.project.models / version / EXAMPLES)
        except InvalidNluData:
            return None
        mine = {_key(message.text) for message in self.data.messages}

        def train(part: NluData) -> NluEngine:
            judged = mine - {_key(message.text) for message in part.messages}
            kept = [message for message in other.messages if _key(message.text) not in judged]
            counts = Counter(message.intent for message in kept)
            enough = [message for message in kept if counts[message.intent] >= LEAST_MESSAGES]
            return self._local(other.with_messages(enough))

        try:
            return self._cross_validated("local", train, "comparing with what serves")
        except InvalidNluData:
            return None

    def train_rasa(self, python: Path) -> dict[str, str]:
        """Rasa's model of all examples, saved; its sha256 by name. Raises NluUnavailable."""
        self._on_step(TrainingStep("training Rasa"))
        trainer = self._trainer(python)
        whole = self.project.is_shared and (self.project.folder / "domain.yml").is_file()
        model = trainer.train(self.project.folder if whole else self.data, self.folder)
        model.replace(self.folder / RASA_FILE)
        return {RASA_FILE: sha256_of(self.folder / RASA_FILE)}

    def cross_validate_rasa(self, python: Path) -> EngineFigures:
        """Minutes: one training a fold, each served and stopped again. Raises NluUnavailable."""
        trainer = self._trainer(python)
        with ExitStack() as running:

            def train(part: NluData) -> NluEngine:
                # The engine before is not asked any more.
                running.close()
                return WholeIntents(running.enter_context(rasa_engine_trained_on(trainer, part)))

            return self._cross_validated("rasa", train, "cross-validating Rasa")

    def _local(self, data: NluData) -> NluEngine:
        return LocalClassifier.train(data, self._embedder)

    def _cross_validated(
        self, engine: EngineName, make_engine: Callable[[NluData], NluEngine], what: str
    ) -> EngineFigures:
        """On the project's messages, in the same folds for every engine."""
        started = time.monotonic()
        found = cross_validate(
            self.data,
            make_engine,
            folds=self._folds(),
            seed=_SEED,
            on_progress=lambda _, done, total: self._on_step(TrainingStep(what, done, total)),
        )
        return EngineFigures.of(engine, found, time.monotonic() - started)

    def _folds(self) -> int:
        file = self.project.settings_file(TRAINING_SETTINGS[1])
        return read_rasa_settings(file).folds if file.is_file() else _FOLDS

    def _trainer(self, python: Path) -> RasaTrainer:
        return RasaTrainer(python, self.project.settings_file(TRAINING_SETTINGS[0]).parent)

    def _keep_examples(self) -> None:
        target = self.folder / EXAMPLES
        shutil.rmtree(target, ignore_errors=True)
        for file in training_files(self.project.folder):
            copy = target / file.relative_to(self.project.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)


class WholeIntents:
    """Keeps core's NluEngine over Rasa, whose small talk is `chitchat` with a response: named as the examples are,
    `chitchat/ask_name`, so that both engines are measured by the same answers."""

    def __init__(self, engine: NluEngine) -> None:
        self._engine = engine

    @property
    def name(self) -> EngineName:
        return self._engine.name

    @property
    def version(self) -> str:
        return self._engine.version

    def parse(self, text: str, *, deadline: float) -> Understanding:
        understood = self._engine.parse(text, deadline=deadline)
        return understood if understood.response is None else replace(understood, intent=understood.response)


def intents_of(data: NluData) -> frozenset[str]:
    """As either engine names them: Rasa calls small talk `chitchat`, with `chitchat/ask_name` as its response."""
    return frozenset((*data.intents, *(intent.partition("/")[0] for intent in data.intents)))


def _key(text: str) -> str:
    return " ".join(text.lower().split())
