"""Work on one tenant takes turns, across threads and processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from components.core.errors import Conflict, TenantNotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import TenantRow

LOCK_SECONDS = 600.0


def tenant_folder(data_dir: Path, tenant: TenantContext) -> Path:
    """What a tenant has outside PostgreSQL and its index."""
    return data_dir / "tenants" / str(tenant.tenant_id)


@contextmanager
def turn(database: Database, data_dir: Path, tenant: TenantContext, wait: float = LOCK_SECONDS) -> Iterator[None]:
    """Holds the tenant's lock. wait: seconds for whoever has it. Raises Conflict past them, and TenantNotFound,
    also where the tenant was deleted meanwhile."""
    _require(database, tenant)
    folder = tenant_folder(data_dir, tenant)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "ingestion.lock", timeout=wait):
            _require(database, tenant)
            yield
    except Timeout as error:
        raise Conflict(
            f"another ingestion of tenant {tenant.tenant_id} has been running for over {wait:g} s"
        ) from error


def _require(database: Database, tenant: TenantContext) -> None:
    with database.tenant(tenant) as session:
        if session.get(TenantRow, tenant.tenant_id) is None:
            raise TenantNotFound(f"no tenant has the id {tenant.tenant_id}", field="tenant_id")
