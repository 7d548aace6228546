"""A real workbench with two small tenants, and the API over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from apps_api_customers import CLOUD, SHOP, Customer, settle
from apps_api_sockets import Desks, make_desks

from components.core.settings import Settings
from tests.session_database import trust_the_power

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from apps.api.measurements import Measurements
    from components.bootstrap import Workbench
    from components.database.addresses import DatabaseAddresses


@pytest.fixture(scope="session")
def settings(make_folder: Callable[[], Path]) -> Settings:
    return Settings(data_dir=make_folder(), database_url=None)


@pytest.fixture(scope="session")
def addresses(settings: Settings) -> Iterator[DatabaseAddresses]:
    """A server in the settings' own data folder, so that another process can find it there."""
    from components.database.provision import provision

    addresses = provision(settings)
    trust_the_power(addresses)
    yield addresses
    addresses.close()


@pytest.fixture(scope="session")
def counted() -> Measurements:
    """What counts the calls of tools."""
    from apps.api.measurements import Measurements

    return Measurements()


@pytest.fixture(scope="session")
def workbench(settings: Settings, addresses: DatabaseAddresses, counted: Measurements) -> Iterator[Workbench]:
    from components.bootstrap import build_workbench

    workbench = build_workbench(settings, addresses, heard=counted.count_tool_call)
    yield workbench
    workbench.close()


@pytest.fixture(scope="session")
def shop(workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Customer:
    return settle(workbench, "shop.example", tmp_path_factory.mktemp("shop") / "help", SHOP)


@pytest.fixture(scope="session")
def cloud(workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Customer:
    return settle(workbench, "cloud.example", tmp_path_factory.mktemp("cloud") / "help", CLOUD)


@pytest.fixture(scope="session")
def client(workbench: Workbench) -> Iterator[TestClient]:
    from fastapi.testclient import TestClient

    from apps.api.app import create_app

    with TestClient(create_app(workbench)) as client:
        yield client


@pytest.fixture(scope="session")
def url(workbench: Workbench) -> Iterator[str]:
    """The API on a socket of its own, for whoever does not stop it."""
    from apps_api_serving import running

    with running(workbench) as url:
        yield url


@pytest.fixture
def desks(workbench: Workbench) -> Desks:
    """A tenant of its own, without knowledge, for people to talk to each other."""
    return make_desks(workbench)
