"""What every room's tests may stand on: one real PostgreSQL a session, and tenants of their own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from components.core.tenant import Tenant

if TYPE_CHECKING:
    from components.database.addresses import DatabaseAddresses
    from components.database.session import Database
    from components.nlu.rasa_server import RasaServer
    from components.nlu.rasa_training import RasaProgress


# Rooms whose tests stand on one server or workbench, which every worker would have to make anew.
_TOGETHER = frozenset({"apps_api", "apps_chat", "apps_console", "dagster_project"})
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
def data_dir(make_folder: Callable[[], Path]) -> Path:
    """The data folder that `postgres` lives in."""
    return make_folder()


@pytest.fixture(scope="session")
def postgres(data_dir: Path) -> Iterator[DatabaseAddresses]:
    """A migrated embedded PostgreSQL, for the whole session."""
    from components.core.settings import Settings
    from components.database.provision import provision

    addresses = provision(Settings.model_validate({"data_dir": data_dir}))
    yield addresses
    addresses.close()


@pytest.fixture(scope="session")
def database(postgres: DatabaseAddresses) -> Iterator[Database]:
    """The application's way to `postgres`."""
    from components.database.session import Database

    database = Database(postgres.app, postgres.operator)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def make_tenant(database: Database) -> Callable[..., Tenant]:
    """Makes a tenant that nobody else has: `make_tenant()`, `make_tenant(name=…, config={…})`."""
    from components.database.tables import TenantRow

    def make(name: str = "Tenant", config: dict[str, Any] | None = None) -> Tenant:
        tenant_id = uuid4()
        tenant = Tenant(tenant_id, name, f"{tenant_id.hex}.example", config or {})
        with database.operator() as session:
            session.add(TenantRow(tenant_id=tenant_id, name=name, domain=tenant.domain, config_json=tenant.config))
        return tenant

    return make


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
