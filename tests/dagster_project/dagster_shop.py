"""A tenant as a knowledge manager sees it: a folder, its assets, and what a customer is answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from components.core.tenant import Tenant
from components.knowledge.source_declarations import FolderSourceAttributes, write_declaration
from dagster_project.run import AssetProgress, Materialised, materialise

if TYPE_CHECKING:
    from components.bootstrap import Workbench

RETURNS = (
    "# Returns\n\nYou can return any item within 30 days of delivery. The refund is paid within five working days.\n"
)
SHIPPING = (
    "# Shipping\n\nA parcel to Norway takes nine days. Express parcels to Norway take two days and cost 25 euros.\n"
)
WARRANTY = "# Warranty\n\nTents carry a warranty of seven years. Send the invoice number with your warranty claim.\n"


@dataclass
class Shop:
    tenant: Tenant
    folder: Path
    workbench: Workbench
    instance: dg.DagsterInstance
    progress: list[AssetProgress] = field(default_factory=list)
    declaration: Path = Path()

    @property
    def domain(self) -> str:
        return self.tenant.domain

    @property
    def knowledge(self) -> Path:
        return self.folder / "knowledge"

    def declare(self, file: Path, questions: bool = False) -> None:
        self.knowledge.mkdir(parents=True, exist_ok=True)
        evaluation = str(self.folder / "evaluation") if questions else None
        attributes = FolderSourceAttributes(
            tenant=self.domain, name="help", folder=str(self.knowledge), evaluation=evaluation
        )
        file.unlink(missing_ok=True)
        write_declaration(file, attributes)
        self.declaration = file

    def write(self, name: str, text: str | bytes) -> None:
        path = self.knowledge / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def ask_in_evaluation(self, questions: dict[str, str]) -> None:
        """questions: text -> the document that answers it."""
        folder = self.folder / "evaluation"
        (folder / "qrels").mkdir(parents=True)
        numbered = list(enumerate(questions.items()))
        queries = [json.dumps({"_id": f"q{number}", "text": text}) for number, (text, _) in numbered]
        (folder / "queries.jsonl").write_text("\n".join(queries) + "\n")
        rows = [f"q{number}\t{document}\t1" for number, (_, document) in numbered]
        (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(rows) + "\n")
        self.declare(self.declaration, questions=True)

    def materialise(self) -> Materialised:
        self.progress.clear()
        return materialise(self.instance, self.workbench, self.domain, self.progress.append)

    def figures(self, asset: str) -> dict[str, Any]:
        """Metadata of the asset's last materialisation in this tenant's partition."""
        records = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[self.domain]), limit=1
        ).records
        event = records[0].asset_materialization
        assert event is not None
        return {name: value.value for name, value in event.metadata.items()}

    def cited(self, question: str) -> set[str]:
        """Documents that the answer to a customer's question cites."""
        answer = self.workbench.answering.answer(self.tenant.context, question).answer
        return {citation.document_id for citation in answer.citations}

    def found(self, question: str) -> set[str]:
        """Documents that the serving index finds for a question, cited or not."""
        answer = self.workbench.answering.answer(self.tenant.context, question).answer
        return {passage.document_id for passage in answer.passages}

    def close(self) -> None:
        self.declaration.unlink(missing_ok=True)
        self.workbench.tenants.delete(self.tenant.tenant_id)
        self.instance.delete_dynamic_partition("tenant", self.domain)
