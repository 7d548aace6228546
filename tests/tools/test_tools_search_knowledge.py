"""The knowledge is searched through the registry of a whole workbench, each tenant's own, without a model's answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from components.core.errors import IndexUnavailable, InvalidInput
from components.core.settings import Settings
from components.core.tenant import Tenant
from components.knowledge.folder_source import FolderSource
from components.tools.tool import Caller

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.database.addresses import DatabaseAddresses

BOT = Caller("orchestrator")


@pytest.fixture(scope="module")
def workbench(data_dir: Path, postgres: DatabaseAddresses) -> Iterator[Workbench]:
    from components.bootstrap import build_workbench

    workbench = build_workbench(Settings(data_dir=data_dir, database_url=None, threads=2), postgres)
    yield workbench
    workbench.close()


def tenant_with(workbench: Workbench, folder: Path, **documents: str) -> Tenant:
    tenant = workbench.tenants.create("Shop", f"{uuid4().hex}.example")
    mine = folder / tenant.domain
    mine.mkdir()
    for name, text in documents.items():
        (mine / f"{name}.md").write_text(text)
    workbench.ingestion.ingest(tenant, [FolderSource("help", mine)], ())
    return tenant


def test_passages_come_with_their_document_and_section(workbench: Workbench, tmp_path: Path) -> None:
    ours = tenant_with(
        workbench,
        tmp_path,
        shipping="# Shipping\n\n## Norway\n\nA parcel to Norway takes nine days.\n",
        returns="# Returns\n\nYou can return unused tents within 45 days.\n",
    )
    theirs = tenant_with(workbench, tmp_path, secret="# Secret\n\nA parcel to Norway is never sent.\n")
    registry = workbench.actions.tools
    question = {"question": "How long does a parcel to Norway take?", "top_k": 1}
    made = registry.invoke(ours, "search_knowledge", question, BOT, key="one")
    assert made.result is not None
    (passage,) = made.result["passages"]
    assert (passage["title"], "nine days" in passage["text"]) == ("Shipping", True)
    assert "Norway" in passage["section"]
    assert 0 < made.result["confidence"] <= 1
    other = registry.invoke(theirs, "search_knowledge", question, BOT, key="one")
    assert other.result is not None
    assert [each["title"] for each in other.result["passages"]] == ["Secret"]


def test_without_knowledge_there_is_a_clear_word_and_another_try(workbench: Workbench) -> None:
    tenant = workbench.tenants.create("Shop", f"{uuid4().hex}.example")
    for _ in range(2):
        with pytest.raises(IndexUnavailable, match="helpdesk ingest"):
            workbench.actions.tools.invoke(tenant, "search_knowledge", {"question": "x"}, BOT, key="one")
    with pytest.raises(InvalidInput, match="question has 0 characters"):
        workbench.actions.tools.invoke(tenant, "search_knowledge", {"question": " "}, BOT, key="two")
