"""Two tenants with a person of every role, and the dashboards served on a free port, in a thread of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.apps_chat.apps_chat_pages import ARGUMENTS, CHROMIUM
from tests.dashboards.dashboards_people import Staff, free_port, hire, served

# The admin sees every tenant there is: a database of this room's own.
from tests.session_database import *  # noqa: F403

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from components.bootstrap import Registry
    from components.database.addresses import DatabaseAddresses
    from dashboards.desk import Desk


@pytest.fixture(scope="session")
def registry(postgres: DatabaseAddresses, make_folder: Callable[[], Path]) -> Iterator[Registry]:
    from components.bootstrap import build_registry
    from components.core.settings import Settings

    settings = Settings(data_dir=make_folder(), dashboards_port=free_port())
    registry = build_registry(settings, postgres)
    yield registry
    registry.close()


@pytest.fixture(scope="session")
def desk(registry: Registry) -> Iterator[Desk]:
    from dashboards.server import open_desk

    desk = open_desk(registry.settings, registry)
    yield desk
    desk.reports.close()


@pytest.fixture(scope="session")
def staff(registry: Registry) -> Staff:
    """Everybody's accounts, at two tenants."""
    return hire(registry)


@pytest.fixture(scope="session")
def dashboards(desk: Desk) -> Iterator[str]:
    """Where the dashboards are served: `http://127.0.0.1:<port>`."""
    with served(desk) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a page. A module's and no longer, as in tests/apps_console."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
