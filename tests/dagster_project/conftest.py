"""A workbench and a Dagster instance on the session's PostgreSQL, and tenants whose knowledge is a small folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from dagster_shop import Shop
from pydantic import SecretStr
from sqlalchemy import make_url

from components.core.settings import Settings, quiet_third_parties
from components.database.addresses import DatabaseAddresses
from components.database.roles import RoleSecrets

if TYPE_CHECKING:
    import dagster as dg

    from components.bootstrap import Workbench


@pytest.fixture(scope="session")
def settings(make_folder: Callable[[], Path], postgres: DatabaseAddresses) -> Settings:
    """A data folder of this room's own that knows the session's PostgreSQL, as other processes need it too."""
    assert postgres.server is not None
    passwords = (make_url(url).password or "" for url in (postgres.app, postgres.operator, postgres.dagster))
    folder = make_folder()
    (folder / "database-secrets.json").write_text(json.dumps(asdict(RoleSecrets(*passwords))))
    return Settings(data_dir=folder, database_url=SecretStr(postgres.server.url))


@pytest.fixture(scope="session")
def environment(settings: Settings) -> dict[str, str]:
    """What another process must be started with to work on the same data."""
    assert settings.database_url is not None
    given = {
        "HELPDESK_DATA_DIR": str(settings.data_dir),
        "HELPDESK_DATABASE_URL": settings.database_url.get_secret_value(),
    }
    return {**os.environ, **given}


@pytest.fixture(scope="session")
def workbench(settings: Settings, postgres: DatabaseAddresses) -> Iterator[Workbench]:
    quiet_third_parties()
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
    from dagster_project.instance import open_instance

    with open_instance(home) as instance:
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
