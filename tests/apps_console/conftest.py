"""Two tenants with knowledge and agents, and the whole API served on a free port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from components.core.tenant import Tenant
from tests.apps_api.apps_api_customers import CLOUD, SHOP, settle
from tests.apps_chat.apps_chat_pages import ARGUMENTS, CHROMIUM, Served, serving
from tests.apps_console.apps_console_pages import Desks, Shifts

# A database of this room's own, since its servers work on all that they find.
from tests.session_database import *  # noqa: F403

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from components.bootstrap import Workbench
    from components.database.addresses import DatabaseAddresses


@pytest.fixture(scope="session")
def workbench(postgres: DatabaseAddresses, make_folder: Callable[[], Path]) -> Iterator[Workbench]:
    """The real thing on the session's PostgreSQL."""
    from components.bootstrap import build_workbench
    from components.core.settings import Settings

    workbench = build_workbench(Settings(data_dir=make_folder(), database_url=None), postgres)
    yield workbench
    workbench.close()


@pytest.fixture(scope="session")
def shop(workbench: Workbench, make_folder: Callable[[], Path]) -> Tenant:
    tenant = settle(workbench, "jackets.example", make_folder() / "help", SHOP).tenant
    config = {
        "branding": {"primary_color": "#1f5f4a", "accent_color": "#d9822b", "logo_text": "Jackets & <b>Co</b>"},
        "handover": {"teams": ["billing"], "wait_minutes": 10},
    }
    workbench.tenants.update_config(tenant.tenant_id, config)
    return workbench.tenants.get(tenant.tenant_id)


@pytest.fixture(scope="session")
def cloud(workbench: Workbench, make_folder: Callable[[], Path]) -> Tenant:
    return settle(workbench, "cloudlet.example", make_folder() / "help", CLOUD).tenant


@pytest.fixture
def desks(workbench: Workbench, shop: Tenant) -> Desks:
    """The shop's agents and conversations."""
    return Desks(workbench, shop)


@pytest.fixture(scope="session")
def served(workbench: Workbench) -> Iterator[Served]:
    with serving(workbench) as url:
        yield Served(url)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a page. A module's and no longer: while Playwright is open, the thread counts as running an
    event loop, and no other test could call asyncio.run."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def shifts(browser: Browser, served: Served, workbench: Workbench) -> Iterator[Shifts]:
    """Opens consoles and chats. At the end of the test nothing must have failed or left the host."""
    shifts = Shifts(browser, served, workbench=workbench)
    yield shifts
    shifts.close()
