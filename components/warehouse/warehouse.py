"""A tenant's facts on disk: months are written whole, and what readers see changes at once or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from components.core.errors import Conflict
from components.core.tenant import TenantContext
from components.warehouse.dataset import Dataset
from components.warehouse.manifest import Manifest, Part, read_manifest, write_manifest

# By dataset and month; None takes a month away.
Months = Mapping[Dataset, Mapping[str, pa.Table | None]]


class Warehouse:
    """`<data_dir>/warehouse/<tenant id>/<dataset>/month=2026-11/<any name>.parquet`."""

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir / "warehouse"

    def folder(self, tenant: TenantContext) -> Path:
        """Nothing of any other tenant is below it."""
        return self._root / str(tenant.tenant_id)

    def manifest(self, tenant: TenantContext) -> Manifest:
        """As it stands now."""
        return read_manifest(self.folder(tenant))

    @contextmanager
    def writing(self, tenant: TenantContext, wait: float) -> Iterator[None]:
        """Whoever publishes does it within: one at a time, across threads and processes.
        wait: seconds for whoever does. Raises Conflict past them."""
        self._root.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._lock(tenant), timeout=wait):
                yield
        except Timeout as error:
            raise Conflict(
                f"the facts of tenant {tenant.tenant_id} have been refreshed by another process for over {wait:g} s"
            ) from error

    @contextmanager
    def removing(self, tenant: TenantContext, wait: float) -> Iterator[None]:
        """Takes the tenant's facts away, and lets nobody write them until what follows is done. Otherwise like
        `writing`."""
        with self.writing(tenant, wait):
            shutil.rmtree(self.folder(tenant), ignore_errors=True)
            yield
            self._lock(tenant).unlink(missing_ok=True)

    def _lock(self, tenant: TenantContext) -> Path:
        return self._root / f"{tenant.tenant_id}.lock"

    def publish(
        self,
        tenant: TenantContext,
        before: Manifest,
        months: Months,
        watermark: Mapping[str, Any],
        refreshed_at: datetime,
    ) -> Manifest:
        """These months in place of those that `before` has, for all readers at once. Whoever dies on the way leaves
        what was there. Within `writing`."""
        after = before
        for dataset, tables in months.items():
            written = {month: self._write(tenant, dataset, month, table) for month, table in tables.items()}
            after = after.with_parts(dataset.name, written)
        after = replace(after, watermark=watermark, refreshed_at=refreshed_at)
        write_manifest(self.folder(tenant), after)
        self._sweep(tenant, before, after)
        return after

    def _write(self, tenant: TenantContext, dataset: Dataset, month: str, table: pa.Table | None) -> Part | None:
        if table is None:
            return None
        folder = self.folder(tenant) / dataset.name / f"month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{uuid4().hex}.parquet"
        pq.write_table(table.cast(dataset.schema), file, compression="zstd")
        return Part(str(file.relative_to(self.folder(tenant))), table.num_rows, file.stat().st_size)

    def _sweep(self, tenant: TenantContext, before: Manifest, after: Manifest) -> None:
        """What neither needs. Whoever reads by the manifest before still finds its files."""
        needed = {
            part.path for manifest in (before, after) for months in manifest.parts.values() for part in months.values()
        }
        folder = self.folder(tenant)
        for file in folder.rglob("*.parquet"):
            if str(file.relative_to(folder)) not in needed:
                file.unlink(missing_ok=True)
