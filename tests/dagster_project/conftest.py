"""A workbench and a Dagster instance on the session's PostgreSQL, and tenants whose knowledge is a small folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from dagster_shop import Shop

from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses

if TYPE_CHECKING:
    import dagster as dg

    from components.bootstrap import Workbench


@pytest.fixture(scope="session")
def settings(make_folder: Callable[[], Path]) -> Settings:
    return Settings(data_dir=make_folder(), database_url=None, threads=2)


@pytest.fixture(scope="session")
def workbench(settings: Settings, postgres: DatabaseAddresses) -> Iterator[Workbench]:
    from components.bootstrap import build_workbench

    workbench = build_workbench(settings, postgres)
    yield workbench
    workbench.close()


@pytest.fixture(scope="session")
def home(settings: Settings, postgres: DatabaseAddresses) -> Path:
    """DAGSTER_HOME as `helpdesk up` prepares it."""
    from dagster_project.instance import prepare_home

    return prepare_home(settings, postgres)


@pytest.fixture(scope="session")
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster with its storage on the session's PostgreSQL."""
    import dagster as dg

    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


@pytest.fixture
def make_shop(
    workbench: Workbench, instance: dg.DagsterInstance, settings: Settings, tmp_path: Path
) -> Iterator[Callable[..., Shop]]:
    """Makes a tenant with a declared folder of knowledge, in the registry as `helpdesk tenant create` does it."""
    made: list[Shop] = []

    def make(**documents: str) -> Shop:
        domain = f"shop-{uuid4().hex[:12]}.example"
        shop = Shop(workbench.tenants.create("Shop", domain), tmp_path / domain, workbench, instance)
        shop.declare(settings.data_dir / "sources" / domain / "help" / "defs.yaml")
        for name, text in documents.items():
            shop.write(f"{name}.md", text)
        made.append(shop)
        return shop

    yield make
    for shop in made:
        shop.close()
