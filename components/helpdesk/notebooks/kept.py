"""Where rendered notebooks are kept: with the tenant's own files, the newest of each notebook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from components.core.tenant import TenantContext
from components.helpdesk.ingestion.turns import tenant_folder

KEPT = 20


@dataclass(frozen=True)
class Rendered:
    """A notebook with its outputs, and the same as a page to read."""

    notebook: Path
    page: Path


def new_rendering(data_dir: Path, tenant: TenantContext, name: str, now: datetime | None = None) -> Rendered:
    """A place for one run's output under `<data_dir>/tenants/<tenant id>/notebooks/<name>`; of older ones the newest
    19 stay. They go with the tenant."""
    folder = tenant_folder(data_dir, tenant) / "notebooks" / name
    folder.mkdir(parents=True, exist_ok=True)
    forget(sorted(folder.glob("*.ipynb"), reverse=True)[KEPT - 1 :])
    stem = f"{now or datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"
    return Rendered(folder / f"{stem}.ipynb", folder / f"{stem}.html")


def forget(renderings: Iterable[Path]) -> None:
    """Deletes them, pages included."""
    for path in renderings:
        path.unlink(missing_ok=True)
        path.with_suffix(".html").unlink(missing_ok=True)
