"""Two small tenants with knowledge and a key each, as the tests of the API know them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from components.core.tenant import Tenant

if TYPE_CHECKING:
    from components.bootstrap import Workbench

SHOP = {
    "returns.md": (
        "# Returns\n\n## Time limit\n\nYou can return an unused jacket within 45 days of delivery. "
        "The refund reaches your card within five working days after the parcel arrives.\n\n"
        "## Exceptions\n\nClimbing ropes cannot be returned once the seal is broken.\n"
    ),
    "shipping.md": (
        "# Shipping\n\n## Costs\n\nStandard shipping costs 4.90 euros and is free above 60 euros. "
        "Express shipping costs 12.50 euros.\n\n## Time\n\nStandard parcels take two to four working days.\n"
    ),
    "care.md": "# Care\n\n## Washing\n\nWash a down jacket at 30 degrees and dry it with tennis balls.\n",
}
CLOUD = {
    "billing.md": (
        "# Billing\n\n## Refunds\n\nA refund for unused heliotrope credits is paid within ninety days. "
        "Invoices are issued on the first day of each month.\n"
    ),
    "tokens.md": "# Access tokens\n\n## Expiry\n\nAn access token expires after 24 hours. Rotate it in the console.\n",
}


@dataclass(frozen=True)
class Customer:
    """A tenant and what its callers send."""

    tenant: Tenant
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def body(self, question: str, /, **changes: Any) -> dict[str, Any]:
        return {"tenant_id": str(self.tenant.tenant_id), "question": question, "top_k": 5, **changes}


def settle(workbench: Workbench, domain: str, folder: Path, knowledge: dict[str, str]) -> Customer:
    """A new tenant on `workbench` whose documents in `folder` are indexed and serving."""
    from components.knowledge.folder_source import FolderSource

    folder.mkdir(parents=True)
    for name, text in knowledge.items():
        (folder / name).write_text(text)
    tenant = workbench.tenants.create(domain.split(".")[0].title(), domain, {})
    workbench.ingestion.ingest(tenant, [FolderSource("help", folder)])
    return Customer(tenant, workbench.api_keys.issue(tenant.context, "tests").key)
