"""A customer's message understood by whoever leads for the tenant, or by the other one where that fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

from components.core.embeddings import Embedder
from components.core.errors import InvalidInput, NluUnavailable
from components.core.nlu import EngineName, NluEngine, Understanding
from components.core.tenant import TenantContext
from components.helpdesk.storable import made_readable
from components.helpdesk.tenant_config import NluConfig
from components.helpdesk.understanding.engines import ProjectEngines, ServedProject
from components.helpdesk.understanding.projects import NluProject, project_of

BEST_MODEL, LOCAL_MODEL = "rasa_intent", "local_intent"
MODELS = (BEST_MODEL, LOCAL_MODEL)
# What a message is about shows at its beginning; the whole of it is the conversation's.
LONGEST_READ = 2_000
# Kept back for the engine that stands in: the local one takes some 20 ms on a busy machine.
RESERVE = 0.4
_ENGINES: tuple[EngineName, ...] = get_args(EngineName)


class Understandings:
    """Understands the messages of every tenant's customers. Thread-safe.

    A tenant is understood by its own project or by the shared one, never by another tenant's; the shared Rasa is asked
    about the shared project only.
    """

    def __init__(
        self,
        data_dir: Path,
        embedder: Embedder,
        config_for: Callable[[TenantContext], NluConfig],
        *,
        rasa_url: str | None = None,
        rasa_deadline: float = 1.0,
        shipped: Path | None = None,
    ) -> None:
        """config_for: the tenant's, as it is now. rasa_url: of the Rasa that serves the shared project. rasa_deadline:
        the most seconds that a Rasa may take. shipped: the shared project's folder, by default the one that ships."""
        self._data_dir, self._config_for = data_dir, config_for
        self._rasa_url, self._rasa_deadline = rasa_url, rasa_deadline
        self._shipped = shipped
        self._engines = ProjectEngines(embedder)

    def understand(
        self, tenant: TenantContext, text: str, *, model: str = BEST_MODEL, deadline: float = 2.0
    ) -> Understanding:
        """What `text` means. The first 2,000 characters are read; what cannot be stored is read as U+FFFD; a blank text
        means nothing, with confidence 0. model: `rasa_intent`, or `local_intent` for the local classifier alone.
        deadline: seconds for all of it.

        `fallback` says why it was not the engine that leads. Raises InvalidInput for another model, NluUnavailable
        where nothing was trained or no engine answers, TenantNotFound, DatabaseUnavailable.
        """
        until = time.monotonic() + deadline
        if model not in MODELS:
            raise InvalidInput(f"model={model!r}: allowed is one of {', '.join(MODELS)}", field="model")
        config = self._config_for(tenant)
        served = self._engines.served(self._project(tenant))
        order = _order(served, config, model)
        read = made_readable(text[:LONGEST_READ])
        if not read.strip():
            return self._adjusted(Understanding(None, 0.0, served.threshold(order[0]), order[0]), config)
        faults: list[str] = []
        for place, name in enumerate(order):
            left = until - time.monotonic()
            is_last = place == len(order) - 1
            try:
                engine = self._engine(served, config, name)
                understood = engine.parse(read, deadline=self._share(left, name, is_last))
            except NluUnavailable as error:
                faults.append(f"{name}: {error.message}")
                continue
            return self._adjusted(replace(understood, fallback="; ".join(faults) or None), config)
        raise NluUnavailable("; ".join(faults))

    def responses(self, tenant: TenantContext) -> Mapping[str, tuple[str, ...]]:
        """Texts of small talk by key, such as `greet` and `chitchat/ask_name`. Raises NluUnavailable as above."""
        return self._engines.served(self._project(tenant)).speech.responses

    def intents(self, tenant: TenantContext) -> frozenset[str]:
        """Every intent that a message of the tenant's customers may be found to have. Raises NluUnavailable."""
        return self._engines.served(self._project(tenant)).speech.intents

    def leads(self, tenant: TenantContext) -> tuple[EngineName, str]:
        """Who is asked first now, and the version of the project that serves. Raises NluUnavailable."""
        served = self._engines.served(self._project(tenant))
        return _order(served, self._config_for(tenant), BEST_MODEL)[0], served.serving.version

    def close(self) -> None:
        """Ends the connections to every Rasa."""
        self._engines.close()

    def _project(self, tenant: TenantContext) -> NluProject:
        if self._shipped is None:
            return project_of(self._data_dir, tenant)
        return project_of(self._data_dir, tenant, self._shipped)

    def _engine(self, served: ServedProject, config: NluConfig, name: EngineName) -> NluEngine:
        if name == "local":
            if served.local is None:
                raise NluUnavailable(served.local_fault)
            return served.local
        url = config.rasa_url or (self._rasa_url if served.project.is_shared else None)
        if url is None:
            raise NluUnavailable(f"no Rasa server is set up for the project {served.project.name}")
        return self._engines.rasa(served, url)

    def _share(self, left: float, name: EngineName, is_last: bool) -> float:
        most = left if is_last else max(left - RESERVE, left / 2)
        return max(min(most, self._rasa_deadline) if name == "rasa" else most, 0.001)

    @staticmethod
    def _adjusted(understood: Understanding, config: NluConfig) -> Understanding:
        return understood if config.threshold is None else replace(understood, threshold=config.threshold)


def _order(served: ServedProject, config: NluConfig, model: str) -> tuple[EngineName, ...]:
    if model == LOCAL_MODEL:
        return ("local",)
    first = served.serving.leader if config.engine == "best" else config.engine
    return (first, *(name for name in _ENGINES if name != first))
