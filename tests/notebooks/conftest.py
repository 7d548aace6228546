"""A shop with knowledge, questions and intents of its own, and one kernel for all notebooks that are run on it."""

from __future__ import annotations

import asyncio
import gc
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url

from components.core.settings import Settings, quiet_third_parties
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.roles import RoleSecrets
from tests.helpdesk.helpdesk_shop import NORWAY, RETURNS, SHIPPING, WARRANTY, evaluation_folder
from tests.helpdesk.nlu_project import write_project

if TYPE_CHECKING:
    from components.bootstrap import Workbench

REFUSED = "Do you sell aquarium fish?"
QUESTIONS = {
    NORWAY: "help/shipping.md",
    "What does an express parcel need to Norway?": "help/shipping.md",
    "How many years of warranty has a tent?": "help/warranty.md",
    "When do I get my refund?": "help/returns.md",
    REFUSED: None,
}


@pytest.fixture(scope="module")
def settings(make_folder: Callable[[], Path], postgres: DatabaseAddresses) -> Iterator[Settings]:
    """A data folder of this room's own; what this process starts finds it and the session's PostgreSQL."""
    assert postgres.server is not None
    passwords = (make_url(url).password or "" for url in (postgres.app, postgres.operator, postgres.dagster))
    folder = make_folder()
    (folder / "database-secrets.json").write_text(json.dumps(asdict(RoleSecrets(*passwords))))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("DATA_DIR", str(folder)), ("DATABASE_URL", postgres.server.url)):
            patch.setenv(f"HELPDESK_{name}", value)
        patch.setenv("IPYTHONDIR", str(folder / "ipython"))
        yield Settings()


@pytest.fixture(scope="module")
def workbench(settings: Settings, postgres: DatabaseAddresses) -> Iterator[Workbench]:
    quiet_third_parties()
    from components.bootstrap import build_workbench

    workbench = build_workbench(settings, postgres)
    yield workbench
    workbench.close()


@pytest.fixture(scope="module")
def shop(workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    """Three articles, five questions, five intents, one answer and two refusals that ask for the same."""
    from components.helpdesk.understanding.projects import own_folder
    from components.knowledge.folder_source import FolderSource

    folder = tmp_path_factory.mktemp("shop")
    (folder / "help").mkdir()
    for name, text in (("returns", RETURNS), ("shipping", SHIPPING), ("warranty", WARRANTY)):
        (folder / "help" / f"{name}.md").write_text(text)
    (folder / "help" / "broken.pdf").write_bytes(b"no pdf at all")
    shop = workbench.tenants.create("Tents & Co", "tents.example")
    questions = evaluation_folder(folder / "tents" / "evaluation", QUESTIONS)
    workbench.ingestion.ingest(shop, [FolderSource("help", folder / "help")], [questions])
    write_project(own_folder(workbench.settings.data_dir, shop.context) / "data")
    for question in (NORWAY, "Can I buy aquarium fish here?", REFUSED):
        workbench.answering.answer(shop.context, question)
    return shop


@pytest.fixture(scope="module")
def kernel(settings: Settings) -> Iterator[Any]:
    """A kernel that every notebook runs in, one after the other: opening the workbench takes seconds."""
    from jupyter_client.manager import AsyncKernelManager

    manager, loop = AsyncKernelManager(kernel_name="python3"), asyncio.new_event_loop()
    loop.run_until_complete(manager.start_kernel())
    yield manager
    loop.run_until_complete(manager.shutdown_kernel(now=True))
    loop.close()
    collect_leftovers()


def collect_leftovers() -> None:
    """nbclient leaves sockets and a loop to the collector, which would warn of them in whichever test comes next."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
