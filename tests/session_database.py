"""One real PostgreSQL a session, and tenants of their own: for whoever imports these fixtures into a conftest.

A room whose tests keep a server running imports them anew, and has a database to itself: what such a server does by
itself, timers and deliveries, it does for every tenant that it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg
import pytest

from components.core.tenant import Tenant

if TYPE_CHECKING:
    from components.database.addresses import DatabaseAddresses
    from components.database.session import Database

__all__ = ["data_dir", "database", "make_tenant", "postgres"]


def trust_the_power(addresses: DatabaseAddresses) -> None:
    """Commits wait for the operating system and no longer for the disk, which takes ten times as long: whatever process
    a test kills, the server included, nothing is lost; only a power cut would tell."""
    assert addresses.server is not None
    with psycopg.connect(addresses.server.url, autocommit=True) as owner:
        owner.execute("ALTER SYSTEM SET fsync = off")
        owner.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def data_dir(make_folder: Callable[[], Path]) -> Path:
    """The data folder that `postgres` lives in."""
    return make_folder()


@pytest.fixture(scope="session")
def postgres(data_dir: Path) -> Iterator[DatabaseAddresses]:
    """A migrated embedded PostgreSQL, for the whole session."""
    from components.core.settings import Settings
    from components.database.provision import provision

    addresses = provision(Settings.model_validate({"data_dir": data_dir}))
    trust_the_power(addresses)
    yield addresses
    addresses.close()


@pytest.fixture(scope="session")
def database(postgres: DatabaseAddresses) -> Iterator[Database]:
    """The application's way to `postgres`."""
    from components.database.session import Database

    database = Database(postgres.app, postgres.operator)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def make_tenant(database: Database) -> Callable[..., Tenant]:
    """Makes a tenant that nobody else has: `make_tenant()`, `make_tenant(name=…, config={…})`."""
    from components.database.tables import TenantRow

    def make(name: str = "Tenant", config: dict[str, Any] | None = None) -> Tenant:
        tenant_id = uuid4()
        tenant = Tenant(tenant_id, name, f"{tenant_id.hex}.example", config or {})
        with database.operator() as session:
            session.add(TenantRow(tenant_id=tenant_id, name=name, domain=tenant.domain, config_json=tenant.config))
        return tenant

    return make
