"""The bytes of collected documents, by content, so that later stages need not ask the source again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from components.core.errors import NotFound
from components.core.tenant import TenantContext
from components.helpdesk.ingestion.turns import tenant_folder


class BlobStore:
    """Files under `<data_dir>/tenants/<tenant id>/raw/<sha256>`."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def put(self, tenant: TenantContext, checksum: str, content: bytes) -> None:
        """Stores the bytes; a reader sees all of them or none."""
        target = self._path(tenant, checksum)
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{uuid4().hex}")
        temporary.write_bytes(content)
        os.replace(temporary, target)

    def get(self, tenant: TenantContext, checksum: str) -> bytes:
        """Raises NotFound where the bytes are gone or damaged: the next `put` stores them anew."""
        path = self._path(tenant, checksum)
        try:
            content = path.read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"the bytes {checksum} are not stored: run the ingestion from raw_documents on") from error
        if sha256(content).hexdigest() != checksum:
            path.unlink(missing_ok=True)
            raise NotFound(f"the bytes {checksum} were damaged on disk: run the ingestion from raw_documents on")
        return content

    def prune(self, tenant: TenantContext, keep: Iterable[str]) -> int:
        """Deletes what no document has any more, so that a deleted document's bytes are gone; returns how many."""
        wanted, folder = set(keep), self._folder(tenant)
        gone = [path for path in folder.iterdir() if path.name not in wanted] if folder.is_dir() else []
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def _folder(self, tenant: TenantContext) -> Path:
        return tenant_folder(self._data_dir, tenant) / "raw"

    def _path(self, tenant: TenantContext, checksum: str) -> Path:
        return self._folder(tenant) / checksum
