"""What every room's tests may stand on: one real PostgreSQL a session, and tenants of their own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.session_database import *  # noqa: F403

if TYPE_CHECKING:
    from components.nlu.rasa_server import RasaServer
    from components.nlu.rasa_training import RasaProgress


# How long an example takes says how busy the machine is.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# Rooms whose tests stand on one server or workbench, which every worker would have to make anew.
_TOGETHER = frozenset({"apps_api", "apps_chat", "apps_console", "dagster_project", "dashboards"})
_RASA_FIXTURES = frozenset({"rasa_model", "rasa_server"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares costly fixtures stays on one worker (pytest-xdist); otherwise each file goes wherever there is time.
    The real Rasa, trained once, goes with the API's tests, some of which talk to it."""
    for item in items:
        room = item.path.parent.name
        fixtures = set(getattr(item, "fixturenames", ()))
        group = "apps_api" if fixtures & _RASA_FIXTURES else room if room in _TOGETHER else item.path.name
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def make_folder() -> Iterator[Callable[[], Path]]:
    """Makes folders that PostgreSQL's own account can reach too: where the tests run as root it cannot
    stay in pytest's tmp_path, which every new session of pytest shuts again."""
    made: list[Path] = []

    def make() -> Path:
        made.append(Path(tempfile.mkdtemp(prefix="helpdesk-")))
        return made[-1]

    yield make
    for folder in made:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def rasa_progress() -> list[RasaProgress]:
    """What the training of `rasa_model` has said."""
    return []


@pytest.fixture(scope="session")
def rasa_model(tmp_path_factory: pytest.TempPathFactory, rasa_progress: list[RasaProgress]) -> Path:
    """The tiny project of tests/nlu/rasa_tiny.py, trained by the real Rasa; skips where that is not installed."""
    from tests.nlu.rasa_tiny import tiny_data, tiny_trainer

    return tiny_trainer().train(tiny_data(), tmp_path_factory.mktemp("models"), on_progress=rasa_progress.append)


@pytest.fixture(scope="session")
def rasa_server(rasa_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RasaServer]:
    """The real Rasa, serving `rasa_model`."""
    from components.nlu.rasa_server import RasaServer
    from tests.nlu.rasa_tiny import PROJECT, require_rasa

    server = RasaServer(require_rasa(), tmp_path_factory.mktemp("rasa"), project=PROJECT)
    try:
        server.start(rasa_model)
        server.await_ready()
        yield server
    finally:
        server.stop()
