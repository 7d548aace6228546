"""A process of its own that ingests and is killed on the way: data folder, tenant, source folder."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

from components.bootstrap import build_workbench
from components.core.settings import Settings
from components.database.provision import provision
from components.knowledge.folder_source import FolderSource


def main(data_dir: str, tenant_id: str, folder: str) -> None:
    settings = Settings(data_dir=Path(data_dir), database_url=None, threads=1)
    workbench = build_workbench(settings, provision(settings))
    tenant = workbench.tenants.get(UUID(tenant_id))
    print("ready", flush=True)
    workbench.ingestion.ingest(
        tenant,
        [FolderSource("help", Path(folder))],
        on_progress=lambda *seen: print(*seen, flush=True),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
