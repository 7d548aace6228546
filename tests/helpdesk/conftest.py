"""One workbench on the session's PostgreSQL, and shops whose knowledge is a small folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from helpdesk_shop import Shop

from components.core.settings import Settings

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.database.addresses import DatabaseAddresses


@pytest.fixture(scope="session")
def helpdesk_settings(data_dir: Path) -> Settings:
    return Settings(data_dir=data_dir, database_url=None, threads=2)


@pytest.fixture(scope="session")
def workbench(helpdesk_settings: Settings, postgres: DatabaseAddresses) -> Iterator[Workbench]:
    from components.bootstrap import build_workbench

    workbench = build_workbench(helpdesk_settings, postgres)
    yield workbench
    workbench.close()


@pytest.fixture
def make_shop(workbench: Workbench, tmp_path: Path) -> Callable[..., Shop]:
    """Makes a registered tenant with a folder: `make_shop(returns="# Returns …")`."""

    def make(**documents: str | bytes) -> Shop:
        domain = f"shop-{uuid4().hex[:12]}.example"
        folder = tmp_path / domain
        folder.mkdir()
        shop = Shop(workbench.tenants.create("Shop", domain), folder, workbench)
        shop.write(**documents)
        return shop

    return make
