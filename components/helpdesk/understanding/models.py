"""Trains the engines of a project, finds out which one is better, and lets a version serve that is no worse."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from components.core.embeddings import Embedder
from components.core.errors import NluUnavailable, NotFound
from components.core.settings import Settings
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.tenant_config import read_config
from components.helpdesk.tenants import TenantRegistry
from components.helpdesk.understanding.evaluation_log import store_evaluation
from components.helpdesk.understanding.evaluations import (
    Comparison,
    EngineFigures,
    VersionEvaluation,
    choose_leader,
    compare,
    read_evaluation,
    write_evaluation,
)
from components.helpdesk.understanding.projects import (
    SHIPPED,
    NluProject,
    label_of,
    project_of,
    projects_of,
)
from components.helpdesk.understanding.remembering_embedder import RememberingEmbedder
from components.helpdesk.understanding.serving import (
    LOCAL_FILE,
    RASA_FILE,
    NluServing,
    is_kept_twice,
    read_serving,
    write_serving,
)
from components.helpdesk.understanding.training import TrainingStep, VersionTraining
from components.helpdesk.understanding.training_lock import training_alone
from components.nlu.rasa_server import find_rasa_python

logger = logging.getLogger("helpdesk.nlu")

ROOT = Path(__file__).resolve().parents[3]
# A training with Rasa's cross-validation takes minutes.
LOCK_SECONDS = 3600.0
OnStep = Callable[[TrainingStep], None]
Found = TypeVar("Found")


@dataclass(frozen=True)
class TrainedProject:
    """What a training has come to. trained: engines trained now; none where nothing had changed."""

    project: NluProject
    evaluation: VersionEvaluation
    trained: tuple[str, ...]
    seconds: float


class NluModels:
    """Trains projects one at a time each, across threads and processes."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        embedder: Embedder,
        tenants: TenantRegistry,
        *,
        shipped: Path = SHIPPED,
    ) -> None:
        """shipped: the folder of the shared project."""
        self._data_dir = settings.data_dir
        self._rasa_python = find_rasa_python(settings.rasa_python, ROOT)
        self._database, self._embedder, self._tenants = database, embedder, tenants
        self._shipped = shipped

    def project_of(self, tenant: TenantContext) -> NluProject:
        """The tenant's own project, or the shared one."""
        return project_of(self._data_dir, tenant, self._shipped)

    def projects(self) -> tuple[tuple[NluProject, tuple[Tenant, ...]], ...]:
        """Every project with the tenants whom it understands, the shared one first. Raises DatabaseUnavailable."""
        return projects_of(self._data_dir, self._tenants.list(), self._shipped)

    def get_project(self, label: str) -> NluProject:
        """By what people call it: `customer_service`, or a tenant's domain. Raises NotFound."""
        for project, tenants in self.projects():
            if label_of(project, tenants) == label:
                return project
        known = ", ".join(label_of(*each) for each in self.projects())
        raise NotFound(f"no NLU project is called {label!r}: there are {known}", field="project")

    def train(
        self,
        of: NluProject | Tenant,
        *,
        rasa: bool = True,
        force: bool = False,
        wait: float = LOCK_SECONDS,
        on_step: OnStep = lambda _: None,
    ) -> TrainedProject:
        """Trains what is missing of the project's current version, evaluates it, and lets it serve.

        The local classifier is trained and serves first; Rasa follows where its environment is there and a server may
        serve it: the shared project's, or the tenant's own at `nlu.rasa_url`. A version that is worse than the one that
        serves is kept but not promoted, unless `force`. rasa: whether Rasa is to be tried at all. wait: seconds for
        another training of the project to end, which on_step is told of.

        Raises InvalidNluData for files that cannot be trained on, Conflict while another training of the project goes
        on for longer than `wait`, ModelUnavailable, DatabaseUnavailable. Nothing that serves is lost by any of them.
        """
        project = of if isinstance(of, NluProject) else self.project_of(of.context)
        project.models.mkdir(parents=True, exist_ok=True)
        started = datetime.now(UTC)
        with training_alone(project.models, project.name, wait, on_step):
            _clear_up(project)
            evaluation, trained = self._train(project, rasa, force, on_step)
        return TrainedProject(project, evaluation, trained, (datetime.now(UTC) - started).total_seconds())

    def _train(
        self, project: NluProject, rasa: bool, force: bool, on_step: OnStep
    ) -> tuple[VersionEvaluation, tuple[str, ...]]:
        training = VersionTraining(project, project.version(), RememberingEmbedder(self._embedder), on_step)
        serving = _readable(lambda: read_serving(project.models))
        known = _readable(lambda: read_evaluation(training.folder))
        trained: list[str] = []
        if known is None or not training.is_intact(known.files, LOCAL_FILE):
            known = self._begin(training, known, serving, force)
            trained.append("local")
        elif not known.promoted and (force or serving is None):
            why = "promoted by hand" if force else "promoted, as nothing else serves"
            known = replace(known, promoted=True, reason=f"{why}: {known.reason}")
            write_evaluation(training.folder, known)
        if self._serve(project, known, anew=bool(trained)) or trained:
            self._record(project, known)
        if rasa and self._may_have_rasa(project) and not training.is_intact(known.files, RASA_FILE):
            known = self._add_rasa(training, known)
            trained.append("rasa")
            self._serve(project, known)
            self._record(project, known)
        self._prune(project, known)
        return known, tuple(trained)

    def _begin(
        self, training: VersionTraining, known: VersionEvaluation | None, serving: NluServing | None, force: bool
    ) -> VersionEvaluation:
        """known: of the same version, whose local model cannot be used; what it has of Rasa stays."""
        local = training.train_local()
        if serving is None:
            # Better than nobody, while it is still being measured.
            first = NluServing(training.version, "local", {"local": local.threshold}, local.files)
            write_serving(training.project.models, first)
        figures, files = training.cross_validate_local(local.threshold), dict(local.files)
        rasa = known.of("rasa") if known is not None and training.is_intact(known.files, RASA_FILE) else None
        if known is not None and rasa is not None:
            files = {**files, RASA_FILE: known.files[RASA_FILE]}
        served = serving if serving is not None and serving.version != training.version else None
        compared = self._compared(training, figures, served)
        leader = choose_leader(figures, rasa)
        evaluation = VersionEvaluation(
            version=training.version,
            leader=leader.engine,
            promoted=compared.acceptable or force,
            reason=f"{leader.reason}; {'promoted by hand: ' if force else ''}{compared.reason}",
            engines=(figures,) if rasa is None else (figures, rasa),
            files=files,
            created_at=datetime.now(UTC),
            before=compared.before,
        )
        write_evaluation(training.folder, evaluation)
        return evaluation

    def _compared(self, training: VersionTraining, figures: EngineFigures, served: NluServing | None) -> Comparison:
        if served is None:
            return compare(figures, None, None)
        before = training.with_examples_of(served.version)
        return compare(figures, before, served.macro_f1.get("local"))

    def _add_rasa(self, training: VersionTraining, known: VersionEvaluation) -> VersionEvaluation:
        """The evaluation with Rasa beside the local classifier; the model file is there first, so that Rasa can stand
        in while it is still being measured."""
        local = known.of("local")
        assert local is not None
        assert self._rasa_python is not None
        try:
            files = {**known.files, **training.train_rasa(self._rasa_python)}
            self._serve(training.project, replace(known, files=files))
            rasa = training.cross_validate_rasa(self._rasa_python)
        except NluUnavailable as error:
            logger.warning("project %s: Rasa was not trained: %s", training.project.name, error.message)
            failed = {**known.failed, "rasa": error.message.splitlines()[0]}
            evaluation = replace(known, failed=failed, created_at=datetime.now(UTC))
        else:
            leader = choose_leader(local, rasa)
            evaluation = replace(
                known,
                leader=leader.engine,
                reason=leader.reason,
                engines=(local, rasa),
                files=files,
                failed={},
                created_at=datetime.now(UTC),
            )
        write_evaluation(training.folder, evaluation)
        return evaluation

    def _serve(self, project: NluProject, evaluation: VersionEvaluation, *, anew: bool = False) -> bool:
        """Lets a promoted version serve; whether it did not before. anew: its files were written again, so that
        whoever holds what they were has to look."""
        if not evaluation.promoted:
            return False
        before = _readable(lambda: read_serving(project.models))
        switched = before is None or before.version != evaluation.version
        previous = before.version if before is not None and switched else before.previous if before else None
        serving = _served(evaluation, previous)
        if anew or serving != before or not is_kept_twice(project.models):
            write_serving(project.models, serving)
        return switched

    def _may_have_rasa(self, project: NluProject) -> bool:
        if self._rasa_python is None or project.is_shared:
            return self._rasa_python is not None
        assert project.tenant_id is not None
        return read_config(self._tenants.get(project.tenant_id).config).nlu.rasa_url is not None

    def _record(self, project: NluProject, evaluation: VersionEvaluation) -> None:
        users = next((tenants for each, tenants in self.projects() if each.name == project.name), ())
        for tenant in users:
            store_evaluation(self._database, tenant.context, project.name, evaluation)

    def _prune(self, project: NluProject, evaluation: VersionEvaluation) -> None:
        """Keeps what serves, what served before it, and the version at hand."""
        serving = read_serving(project.models)
        kept = {evaluation.version} | ({serving.version, serving.previous} if serving is not None else set())
        for folder in project.models.iterdir():
            if (folder / LOCAL_FILE).is_file() and folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def _clear_up(project: NluProject) -> None:
    """What trainings that were killed have left. There is no other while the lock is held."""
    for folder in project.models.glob("*/.training-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _served(evaluation: VersionEvaluation, previous: str | None) -> NluServing:
    return NluServing(
        version=evaluation.version,
        leader=evaluation.leader,
        thresholds={each.engine: each.threshold for each in evaluation.engines},
        files=evaluation.files,
        macro_f1={each.engine: each.macro_f1 for each in evaluation.engines},
        previous=previous,
    )


def _readable(read: Callable[[], Found | None]) -> Found | None:
    """What cannot be read is as good as not there: it is trained anew."""
    try:
        return read()
    except NluUnavailable as error:
        logger.warning("%s", error.message)
        return None
