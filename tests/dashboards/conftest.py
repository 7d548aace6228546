"""Two tenants with a person of every role, and the dashboards served on a free port, in a thread of their own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.apps_chat.apps_chat_pages import ARGUMENTS, CHROMIUM
from tests.dashboards.dashboards_people import Staff, hire

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

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = Settings(data_dir=make_folder(), dashboards_port=port)
    registry = build_registry(settings, postgres)
    yield registry
    registry.close()


@pytest.fixture(scope="session")
def desk(registry: Registry) -> Desk:
    from dashboards.server import open_desk

    return open_desk(registry.settings, registry)


@pytest.fixture(scope="session")
def staff(registry: Registry) -> Staff:
    """Everybody's accounts, at two tenants."""
    return hire(registry)


@pytest.fixture(scope="session")
def dashboards(desk: Desk) -> Iterator[str]:
    """Where the dashboards are served: `http://127.0.0.1:<port>`."""
    from dashboards.server import serving
    from dashboards.sign_in import SignInBounds

    started, ends = threading.Event(), threading.Event()
    loops = []

    def serve() -> None:
        # More than one person signs in from here within a minute.
        with serving(desk, SignInBounds(of_address=10_000)) as server:
            loops.append(server.io_loop)
            server.io_loop.add_callback(started.set)
            server.io_loop.start()
        ends.set()

    thread = threading.Thread(target=serve)
    thread.start()
    while not started.wait(0.05):
        assert thread.is_alive()
    yield f"http://127.0.0.1:{desk.settings.resolved_dashboards_port}"
    loops[0].add_callback(loops[0].stop)
    thread.join()
    assert ends.is_set()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a page. A module's and no longer, as in tests/apps_console."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
