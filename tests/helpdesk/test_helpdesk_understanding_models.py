"""A project is trained once a version, and a version that is worse than what serves does not serve."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from filelock import FileLock
from nlu_project import EXAMPLES, write_project

from components.bootstrap import Workbench
from components.core.errors import Conflict, InvalidNluData, NluUnavailable, NotFound
from components.core.settings import Settings
from components.core.tenant import Tenant
from components.helpdesk.reports.knowledge.checks import newest_checks
from components.helpdesk.tenant_config import NluConfig
from components.helpdesk.tenants import TenantRegistry
from components.helpdesk.understanding.evaluation_log import RecordedEvaluation, recorded_evaluations
from components.helpdesk.understanding.models import ROOT, NluModels, TrainedProject
from components.helpdesk.understanding.project_import import import_project
from components.helpdesk.understanding.projects import SHARED
from components.helpdesk.understanding.serving import NluServing, read_serving
from components.helpdesk.understanding.training import TrainingStep
from components.helpdesk.understanding.understanding import Understandings
from components.nlu.rasa_server import find_rasa_python

# A training takes a third of the time with them, and there are dozens.
FEW = {intent: texts[:4] for intent, texts in EXAMPLES.items()}
GOODBYE = ("bye", "see you later", "bye bye", "good night, bye")
THANKS = ("thank you", "thanks a lot", "many thanks", "thank you so much")


class Room:
    """A tenant with an own project in a data folder of its own, and what a knowledge manager does to it."""

    def __init__(self, workbench: Workbench, folder: Path, tenant: Tenant, rasa: Path | None = None) -> None:
        self.workbench, self.data_dir, self.tenant = workbench, folder, tenant
        self.source = folder / "source"
        chosen = Settings(data_dir=folder, rasa_python=rasa or folder / "none")  # type: ignore[call-arg]
        registry = TenantRegistry(workbench.database, folder)
        self.models = NluModels(chosen, workbench.database, workbench.embedder, registry)
        self.steps: list[TrainingStep] = []

    def write(self, examples: dict[str, tuple[str, ...]]) -> None:
        import_project(write_project(self.source, examples), self.data_dir, self.tenant.context)

    def train(self, **options: bool) -> TrainedProject:
        return self.models.train(self.tenant, on_step=self.steps.append, **options)

    @property
    def folder(self) -> Path:
        """Of the project's models."""
        return self.models.project_of(self.tenant.context).models

    @property
    def serving(self) -> NluServing:
        found = read_serving(self.folder)
        assert found is not None
        return found

    def process(self) -> Callable[[str], str | None]:
        """What a process that runs on understands a message as."""
        understandings = Understandings(self.data_dir, self.workbench.embedder, lambda _: NluConfig())
        return lambda text: understandings.understand(self.tenant.context, text, deadline=30.0).intent

    def understand(self, text: str) -> str | None:
        """As a process that has just started does."""
        return self.process()(text)

    def rows(self) -> tuple[RecordedEvaluation, ...]:
        """Newest first."""
        return recorded_evaluations(self.workbench.database, self.tenant.context, 1000)

    def versions(self) -> set[str]:
        return {path.parent.name for path in self.folder.glob("*/local.npz")}


@pytest.fixture(scope="module")
def trained(workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Trained once; what a test changes, it changes in a copy."""
    tenant = workbench.tenants.create("Shop", f"{uuid4().hex}.example")
    room = Room(workbench, tmp_path_factory.mktemp("trained"), tenant)
    room.write(FEW)
    room.train()
    return room


@pytest.fixture
def room(trained: Room, tmp_path: Path) -> Room:
    """A copy of the trained one, of the same tenant."""
    shutil.copytree(trained.data_dir, tmp_path / "copy", symlinks=True)
    return Room(trained.workbench, tmp_path / "copy", trained.tenant)


@pytest.fixture(scope="module")
def grown_once(trained: Room, tmp_path_factory: pytest.TempPathFactory) -> Room:
    shutil.copytree(trained.data_dir, folder := tmp_path_factory.mktemp("grown") / "copy", symlinks=True)
    grown = Room(trained.workbench, folder, trained.tenant)
    grown.write({**FEW, "goodbye": GOODBYE})
    grown.train()
    return grown


@pytest.fixture
def grown(grown_once: Room, tmp_path: Path) -> Room:
    """A copy of one that was trained again, with an intent more."""
    shutil.copytree(grown_once.data_dir, tmp_path / "grown", symlinks=True)
    return Room(grown_once.workbench, tmp_path / "grown", grown_once.tenant)


def scrambled() -> dict[str, tuple[str, ...]]:
    """The same messages, each under an intent that it does not mean."""
    texts = [text for each in FEW.values() for text in each]
    count = len(FEW)
    return {intent: tuple(texts[place::count]) for place, intent in enumerate(FEW)}


def test_a_first_training_serves_and_is_recorded_for_its_tenant_alone(trained: Room) -> None:
    serving, row = trained.serving, trained.rows()[-1]
    assert (serving.leader, serving.previous) == ("local", None)
    assert (row.version, row.leader, row.promoted) == (serving.version, "local", True)
    (figures,) = row.engines
    assert figures["messages"] == sum(map(len, FEW.values()))
    assert {each["intent"] for each in figures["intents"]} == set(FEW)
    assert figures["macro_f1"] == pytest.approx(serving.macro_f1["local"])
    stranger = trained.workbench.tenants.create("Other", f"{uuid4().hex}.example")
    assert recorded_evaluations(trained.workbench.database, stranger.context) == ()
    assert trained.steps[0].what == "training the local classifier"
    assert trained.steps[-1].done == trained.steps[-1].total > 0


def test_what_has_not_changed_is_not_trained_again(room: Room) -> None:
    before, rows = room.serving, room.rows()
    done = room.train()
    assert (done.trained, done.evaluation.version) == ((), before.version)
    assert (room.serving, room.rows()) == (before, rows)


def test_a_good_change_serves_and_earlier_files_bring_their_version_back(trained: Room, grown: Room) -> None:
    room, first, second = grown, trained.serving.version, grown.serving.version
    assert (second != first, room.serving.previous) == (True, first)
    assert room.understand("bye bye") == "goodbye"
    room.write(FEW)
    assert room.train().trained == ()
    assert (room.serving.version, room.serving.previous) == (first, second)
    assert room.rows()[0].version == first
    room.write({**FEW, "thanks": THANKS})
    third = room.train().evaluation.version
    assert room.versions() == {first, third}, "only what serves and what served before it is kept"


def test_a_version_that_is_worse_does_not_serve_until_it_is_forced(room: Room) -> None:
    before = room.serving
    room.write(scrambled())
    done = room.train()
    assert not done.evaluation.promoted
    assert "macro-F1" in done.evaluation.reason
    assert room.serving == before
    assert room.understand("please refund my order") == "refund"
    assert not room.rows()[0].promoted
    with room.workbench.database.tenant(room.tenant.context) as session:
        (spell,) = newest_checks(session)
    assert (spell.result.name, spell.result.passed) == ("nlu_quality", False)
    assert spell.result.description == done.evaluation.reason
    assert room.train().trained == ()
    assert room.serving == before
    assert room.train(force=True).evaluation.promoted
    assert room.serving.version == done.evaluation.version


@pytest.mark.parametrize(
    "spoil", [lambda data: data[: len(data) // 2], lambda data: data[:-9] + b"x" * 9], ids=["cut", "altered"]
)
def test_a_cut_or_altered_model_is_said_and_trained_anew(room: Room, spoil: Callable[[bytes], bytes]) -> None:
    file = room.folder / room.serving.version / "local.npz"
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(NluUnavailable, match=r"altered since it was trained.*helpdesk nlu train"):
        room.understand("hello")
    assert room.train().trained == ("local",)
    assert room.understand("hello") == "greet"


def test_a_pointer_that_is_cut_takes_nothing_and_is_written_again_by_the_next_training(room: Room) -> None:
    before = room.serving
    (room.folder / "serving.json").write_text("{")
    assert room.understand("hello") == "greet"
    room.train()
    (room.folder / "serving.copy.json").unlink()
    assert room.serving == before


def test_without_pointer_and_copy_a_running_process_goes_on_from_memory(room: Room) -> None:
    running = room.process()
    assert running("hello") == "greet"
    for name in ("serving.json", "serving.copy.json"):
        (room.folder / name).write_text("{")
    assert running("hello") == "greet"
    with pytest.raises(NluUnavailable, match="helpdesk nlu train"):
        room.understand("hello")
    assert room.train().evaluation.promoted
    assert room.understand("hello") == "greet"


def test_a_cut_model_is_stood_in_for_by_the_version_before_and_trained_again_is_seen_at_once(grown: Room) -> None:
    room = grown
    file = room.folder / room.serving.version / "local.npz"
    file.write_bytes(file.read_bytes()[:100])
    running = room.process()
    assert (running("hello"), running("bye bye") == "goodbye") == ("greet", False)
    assert room.train().trained == ("local",)
    assert running("bye bye") == "goodbye"


def test_who_waits_for_another_training_is_told_so_and_gives_up(room: Room) -> None:
    with FileLock(room.folder / "training.lock"), pytest.raises(Conflict, match=r"running for over 0\.2 s"):
        room.models.train(room.tenant, wait=0.2, on_step=room.steps.append)
    assert room.steps[0] == TrainingStep("another training goes on: waiting for it", 0, 0)


def test_what_a_killed_training_left_is_cleared_up_by_the_next(room: Room) -> None:
    left = room.folder / room.serving.version / ".training-abc"
    left.mkdir()
    (left / "config.yml").touch()
    room.train()
    assert not left.exists()


def test_two_trainings_at_once_train_once(room: Room) -> None:
    shutil.rmtree(room.folder / room.serving.version)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: room.train(), range(2)))
    assert sorted(each.trained for each in done) == [(), ("local",)]


def test_files_that_cannot_be_trained_on_leave_what_serves(room: Room) -> None:
    before = room.serving
    (room.models.project_of(room.tenant.context).folder / "nlu.yml").write_text("nlu: [")
    with pytest.raises(InvalidNluData, match=r"nlu\.yml"):
        room.train()
    assert room.serving == before
    assert room.understand("hello") == "greet"


def test_a_deleted_tenant_leaves_no_project_behind(workbench: Workbench, tmp_path: Path) -> None:
    room = Room(workbench, tmp_path, workbench.tenants.create("Shop", f"{uuid4().hex}.example"))
    room.write(FEW)
    assert room.folder.is_dir()
    TenantRegistry(workbench.database, tmp_path).delete(room.tenant.tenant_id)
    assert not (tmp_path / "nlu" / str(room.tenant.tenant_id)).exists()


def test_a_project_is_found_by_what_people_call_it(room: Room) -> None:
    assert room.models.get_project(SHARED).is_shared
    assert room.models.get_project(room.tenant.domain).tenant_id == room.tenant.tenant_id
    with pytest.raises(NotFound, match="customer_service"):
        room.models.get_project("nowhere.example")


@pytest.mark.skipif(
    "HELPDESK_TEST_RASA_TRAINING" not in os.environ or find_rasa_python(None, ROOT) is None,
    reason="minutes of Rasa's training: set HELPDESK_TEST_RASA_TRAINING, with .venv-rasa built",
)
@pytest.mark.timeout(1800)
def test_rasa_is_trained_beside_the_local_classifier_and_the_better_one_leads(
    workbench: Workbench, tmp_path: Path
) -> None:
    config = {"nlu": {"rasa_url": "http://127.0.0.1:9"}}
    tenant = workbench.tenants.create("Shop", f"{uuid4().hex}.example", config)
    room = Room(workbench, tmp_path, tenant, rasa=find_rasa_python(None, ROOT))
    room.write(FEW)
    done = room.train()
    assert done.trained == ("local", "rasa")
    assert {each.engine for each in done.evaluation.engines} == {"local", "rasa"}
    assert set(room.serving.files) == {"local.npz", "speech.json", "rasa.tar.gz"}
    assert set(room.serving.thresholds) == {"local", "rasa"}
    assert room.train().trained == ()
