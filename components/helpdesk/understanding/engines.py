"""The engines of the projects in use, held ready: opened anew when a project's pointer changes, bounded in number."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock, RLock
from typing import Generic, TypeVar

from components.core.embeddings import Embedder
from components.core.errors import NluUnavailable
from components.core.nlu import EngineName, NluEngine
from components.helpdesk.understanding.local_models import intact_local_model
from components.helpdesk.understanding.projects import NluProject
from components.helpdesk.understanding.serving import (
    SPEECH_FILE,
    NluServing,
    ProjectSpeech,
    read_serving,
    read_speech,
    require_intact,
    serving_signature,
)
from components.nlu.local_classifier import LocalClassifier
from components.nlu.rasa_engine import RasaEngine

logger = logging.getLogger("helpdesk.nlu")

PROJECTS_HELD = 64
# Where Rasa serves a project before cross-validation has found its threshold.
UNTRIED_THRESHOLD = 0.6

Key = TypeVar("Key", bound=Hashable)
Held = TypeVar("Held")


class _Recent(Generic[Key, Held]):
    """The values used last, by key. Thread-safe; two that ask for a new one at once make it once."""

    def __init__(self, most: int, dropped: Callable[[Held], None] = lambda _: None) -> None:
        self._held: OrderedDict[Key, tuple[object, Held]] = OrderedDict()
        self._making: dict[Key, RLock] = {}
        self._most, self._dropped, self._lock = most, dropped, Lock()

    def get(self, key: Key, state: object, make: Callable[[], Held]) -> Held:
        """What is held for `key` at `state`, made where there is none or that of another state."""
        found = self._find(key, state)
        if found is not None:
            return found
        with self._lock:
            making = self._making.setdefault(key, RLock())
        with making:
            found = self._find(key, state)
            if found is not None:
                return found
            made = make()
            self._keep(key, state, made)
            return made

    def find_latest(self, key: Key) -> Held | None:
        """What is held for `key`, at whatever state."""
        with self._lock:
            known = self._held.get(key)
        return None if known is None else known[1]

    def clear(self) -> None:
        """Lets go of everything."""
        with self._lock:
            gone = [value for _, value in self._held.values()]
            self._held.clear()
            self._making.clear()
        for value in gone:
            self._dropped(value)

    def _find(self, key: Key, state: object) -> Held | None:
        with self._lock:
            known = self._held.get(key)
            if known is None or known[0] != state:
                return None
            self._held.move_to_end(key)
            return known[1]

    def _keep(self, key: Key, state: object, made: Held) -> None:
        with self._lock:
            gone = [self._held.pop(key)[1]] if key in self._held else []
            self._held[key] = (state, made)
            while len(self._held) > self._most:
                oldest, (_, value) = self._held.popitem(last=False)
                self._making.pop(oldest, None)
                gone.append(value)
        for value in gone:
            self._dropped(value)


@dataclass(frozen=True)
class ServedProject:
    """What a project serves now. local: None where no model can be loaded. local_fault: what is wrong with
    that of this version; a former one may stand in."""

    project: NluProject
    serving: NluServing
    speech: ProjectSpeech
    local: NluEngine | None
    local_fault: str = ""

    def threshold(self, engine: EngineName) -> float:
        return self.serving.thresholds.get(engine, UNTRIED_THRESHOLD)


class ProjectEngines:
    """Opens what a project's pointer names. Thread-safe. At every call the pointer is looked at: a new version, and a
    new leader, are there for the next message. What is cut meanwhile takes nothing from those who have it in memory."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._projects: _Recent[str, ServedProject] = _Recent(PROJECTS_HELD)
        self._rasas: _Recent[tuple[str, str], RasaEngine] = _Recent(PROJECTS_HELD, RasaEngine.close)

    def served(self, project: NluProject) -> ServedProject:
        """Raises NluUnavailable before the first training of the project."""
        now = serving_signature(project.models)
        if now is None:
            raise NluUnavailable(f"nothing was trained for the NLU project {project.name} yet: `helpdesk nlu train`")
        return self._projects.get(project.name, (now, project.folder), lambda: self._open(project))

    def rasa(self, served: ServedProject, url: str) -> RasaEngine:
        """The project's Rasa at this address. Raises InvalidSetting for an address that is none."""
        threshold = served.threshold("rasa")
        return self._rasas.get((served.project.name, url), threshold, lambda: RasaEngine(url, threshold=threshold))

    def close(self) -> None:
        """Ends the connections to every Rasa; used again, they are made anew."""
        self._rasas.clear()

    def _open(self, project: NluProject) -> ServedProject:
        held = self._projects.find_latest(project.name)
        try:
            serving = read_serving(project.models)
            if serving is None:
                raise NluUnavailable(f"the NLU project {project.name} is being removed: try again")
            speech = read_speech(require_intact(project.models / serving.version / SPEECH_FILE, serving))
        except NluUnavailable as error:
            if held is None or held.project != project:
                raise
            logger.error("%s; version %s goes on from memory", error.message, held.serving.version)
            return held
        local, fault = self._local(project, serving)
        if local is None and held is not None and held.project == project:
            local = held.local
        return ServedProject(project, serving, speech, local, fault)

    def _local(self, project: NluProject, serving: NluServing) -> tuple[NluEngine | None, str]:
        """The classifier, and what is wrong with that of the version that serves."""
        try:
            found = intact_local_model(project.models, serving)
            if found.fault:
                logger.error("project %s: %s", project.name, found.fault)
            return LocalClassifier.load(found.file, self._embedder), found.fault
        except NluUnavailable as error:
            logger.error("project %s, version %s: %s", project.name, serving.version, error.message)
            return None, error.message
