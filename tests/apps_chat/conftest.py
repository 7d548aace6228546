"""Two tenants with knowledge of their own, and the chat served by a real server on a free port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from apps_chat_pages import ARGUMENTS, CHROMIUM, Served, Visits, serving

from components.core.tenant import Tenant

# A database of this room's own, since its servers work on all that they find.
from tests.session_database import *  # noqa: F403

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from components.bootstrap import Workbench
    from components.database.addresses import DatabaseAddresses

PAGE = """# Returns `<img src=x onerror="document.title=1">`

You may send unworn boots back within 45 days, **free of charge**. <script>document.title = "taken"</script>

![pixel](https://tracker.example/pixel.png) [more](javascript:alert(1))

## Exceptions

Boots that were worn outdoors cannot be returned.
"""
NLU = """version: "3.1"
nlu:
  - intent: greet
    examples: |
      - hello
      - hi
      - hello there
      - good morning
      - hey
  - intent: refund
    examples: |
      - I want a refund
      - refund please
      - give me my money back
      - please refund my order
      - I would like a refund
  - intent: faq
    examples: |
      - Can I return unworn boots?
      - How long do I have to send things back?
      - What can be returned?
      - How do I return something?
      - Can worn boots be returned?
responses:
  utter_greet:
    - text: Good day to you!
"""
OTHER_PAGE = """# Restoring a database

A database of the Cloud plan can be restored to any minute of the last 14 days.
"""


@pytest.fixture(scope="session")
def workbench(postgres: DatabaseAddresses, make_folder: Callable[[], Path]) -> Iterator[Workbench]:
    """The real thing on the session's PostgreSQL."""
    from components.bootstrap import build_workbench
    from components.core.settings import Settings

    workbench = build_workbench(Settings(data_dir=make_folder(), database_url=None), postgres)
    yield workbench
    workbench.close()


@pytest.fixture(scope="session")
def serve_tenant(workbench: Workbench, make_folder: Callable[[], Path]) -> Callable[..., Tenant]:
    """Makes a tenant whose articles, by file name, are being served."""
    from components.knowledge.folder_source import FolderSource

    def serve(name: str, domain: str, config: dict[str, Any], articles: dict[str, str]) -> Tenant:
        tenant = workbench.tenants.create(name, domain, config)
        folder = make_folder()
        for file, text in articles.items():
            (folder / file).write_text(text, encoding="utf-8")
        report = workbench.ingestion.ingest(tenant, [FolderSource("articles", folder)])
        assert report.promoted is not None
        return tenant

    return serve


@pytest.fixture(scope="session")
def shop(serve_tenant: Callable[..., Tenant], workbench: Workbench, make_folder: Callable[[], Path]) -> Tenant:
    """A shop whose article and name try to break out of the page, and whose customers are understood."""
    from components.helpdesk.understanding.project_import import import_project

    config = {
        "branding": {"primary_color": "#1f5f4a", "accent_color": "#d9822b", "logo_text": "Boots & <b>Co</b>"},
        "greeting": "Hello from the <i>boot</i> shop!",
        "contact": "Call us on 0512 000.",
        "example_questions": ["Can I return unworn boots?"],
    }
    tenant = serve_tenant("Boots & Co", "boots.example", config, {"returns.md": PAGE})
    folder = make_folder()
    (folder / "nlu.yml").write_text(NLU, encoding="utf-8")
    import_project(folder, workbench.settings.data_dir, tenant.context)
    workbench.nlu_models.train(tenant, rasa=False)
    return tenant


@pytest.fixture(scope="session")
def cloud(serve_tenant: Callable[..., Tenant]) -> Tenant:
    """Another tenant with other knowledge and other colours."""
    config = {"branding": {"primary_color": "#ffd400"}, "greeting": "Hello from the cloud!"}
    return serve_tenant("Cloudy", "cloudy.example", config, {"restore.md": OTHER_PAGE})


@pytest.fixture(scope="session")
def served(workbench: Workbench) -> Iterator[Served]:
    """The whole API with the chat's page."""
    with serving(workbench) as url:
        yield Served(url)


@pytest.fixture(scope="session")
def stored_ratings(workbench: Workbench) -> Callable[[Tenant], list[int]]:
    """The ratings in the database that belong to a tenant."""
    from sqlalchemy import select

    from components.database.tables import FeedbackRow

    def ratings(tenant: Tenant) -> list[int]:
        with workbench.database.tenant(tenant.context) as session:
            return list(session.scalars(select(FeedbackRow.rating)))

    return ratings


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
def visits(browser: Browser, served: Served) -> Iterator[Visits]:
    """Opens chats. At the end of the test nothing must have failed or left the host."""
    visits = Visits(browser, served)
    yield visits
    visits.close()
