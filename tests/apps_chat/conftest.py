"""Two tenants with knowledge of their own, and the chat served by a real server on a free port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from components.core.tenant import Tenant

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.database.addresses import DatabaseAddresses

PAGE = """# Returns

You may send unworn boots back within 45 days, **free of charge**. <script>document.title = "taken"</script>

![pixel](https://tracker.example/pixel.png) [more](javascript:alert(1))

## Exceptions

Boots that were worn outdoors cannot be returned.
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
def shop(serve_tenant: Callable[..., Tenant]) -> Tenant:
    """A shop whose article and name try to break out of the page."""
    config = {
        "branding": {"primary_color": "#1f5f4a", "accent_color": "#d9822b", "logo_text": "Boots & <b>Co</b>"},
        "greeting": "Hello from the <i>boot</i> shop!",
        "contact": "Call us on 0512 000.",
        "example_questions": ["Can I return unworn boots?"],
    }
    return serve_tenant("Boots & Co", "boots.example", config, {"returns.md": PAGE})


@pytest.fixture(scope="session")
def cloud(serve_tenant: Callable[..., Tenant]) -> Tenant:
    """Another tenant with other knowledge and other colours."""
    config = {"branding": {"primary_color": "#ffd400"}, "greeting": "Hello from the cloud!"}
    return serve_tenant("Cloudy", "cloudy.example", config, {"restore.md": OTHER_PAGE})


@dataclass(frozen=True)
class Served:
    """Where the chat is."""

    url: str

    def chat(self, domain: str) -> str:
        """The address of a tenant's chat."""
        return f"{self.url}/chat/{domain}/"


@pytest.fixture(scope="session")
def served(workbench: Workbench) -> Iterator[Served]:
    """uvicorn with the chat, in a thread."""
    import uvicorn
    from fastapi import FastAPI

    from apps.chat.app import mount_chat

    app = FastAPI()
    mount_chat(app, workbench)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}")
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def stored_ratings(workbench: Workbench) -> Callable[[Tenant], list[int]]:
    """The ratings in the database that belong to a tenant."""
    from sqlalchemy import select

    from components.database.tables import FeedbackRow

    def ratings(tenant: Tenant) -> list[int]:
        with workbench.database.tenant(tenant.context) as session:
            return list(session.scalars(select(FeedbackRow.rating)))

    return ratings
