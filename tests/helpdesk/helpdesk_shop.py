"""A tenant as the helpdesk's tests see it: a folder of knowledge, an ingestion, and what a customer is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from components.core.answers import Answer
from components.core.tenant import Tenant
from components.helpdesk.reports.knowledge.checks import CheckResult, newest_checks
from components.knowledge.folder_source import FolderSource

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.helpdesk.ingestion.service import IngestReport

RETURNS = (
    "# Returns\n\nYou can return unused tents within 45 days of delivery. The refund reaches your card in a week.\n"
)
SHIPPING = "# Shipping\n\nA parcel to Norway takes nine days. Express parcels to Norway take two days.\n"
WARRANTY = "# Warranty\n\nTents carry a warranty of seven years. Send the invoice number with your warranty claim.\n"
NORWAY = "How long does a parcel to Norway take?"


@dataclass
class Shop:
    tenant: Tenant
    folder: Path
    workbench: Workbench

    @property
    def source(self) -> FolderSource:
        return FolderSource("help", self.folder)

    def write(self, **documents: str | bytes) -> None:
        """documents: name without its ending -> Markdown."""
        for name, text in documents.items():
            (self.folder / f"{name}.md").write_bytes(text.encode() if isinstance(text, str) else text)

    def remove(self, name: str) -> None:
        (self.folder / f"{name}.md").unlink()

    def ingest(self, *evaluation: Path) -> IngestReport:
        return self.workbench.ingestion.ingest(self.tenant, [self.source], evaluation)

    def ask(self, question: str, top_k: int = 10) -> Answer:
        return self.workbench.answering.answer(self.tenant.context, question, top_k=top_k).answer

    def checks(self) -> list[CheckResult]:
        """What each says now, for the tenant's page."""
        with self.workbench.database.tenant(self.tenant.context) as session:
            return [spell.result for spell in newest_checks(session)]

    def failing_checks(self) -> dict[str, str]:
        """Why, by name."""
        return {each.name: each.description for each in self.checks() if not each.passed}

    def found(self, question: str) -> set[str]:
        """Documents that the serving index finds, cited or not."""
        return {passage.document_id for passage in self.ask(question).passages}


def evaluation_folder(folder: Path, questions: Mapping[str, str | None]) -> Path:
    """questions: text -> the document that answers it, None for none. In BEIR's layout."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    numbered = [(f"q{number}", text, document) for number, (text, document) in enumerate(questions.items())]
    lines = [json.dumps({"_id": key, "text": text}) for key, text, _ in numbered]
    (folder / "queries.jsonl").write_text("\n".join(lines) + "\n")
    rows = [f"{key}\t{document}\t1" for key, _, document in numbered if document]
    (folder / "qrels" / "test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]) + "\n")
    return folder
