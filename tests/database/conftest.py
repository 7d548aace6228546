"""A filled tenant, and the owner's keys to the session's server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from database_rows import Rows, build_rows
from sqlalchemy.engine import make_url

from components.core.tenant import Tenant, TenantContext
from components.database.addresses import DatabaseAddresses
from components.database.roles import RoleSecrets
from components.database.session import Database
from components.database.tables import Base


@pytest.fixture
def fill_tenant(database: Database, make_tenant: Callable[..., Tenant]) -> Callable[[], tuple[TenantContext, Rows]]:
    """Makes a tenant with a row in every table."""

    def fill() -> tuple[TenantContext, Rows]:
        context = make_tenant().context
        rows = build_rows(context.tenant_id)
        with database.tenant(context) as session:
            for name, row in rows.items():
                if name != "tenants":
                    session.execute(Base.metadata.tables[name].insert().values(row))
        return context, rows

    return fill


@pytest.fixture(scope="session")
def bare_folder(make_folder: Callable[[], Path]) -> Path:
    """The folder of a server of its own, that knows none of our roles; each test finds and leaves it stopped."""
    return make_folder() / "postgres"


@pytest.fixture(scope="session")
def owner_url(postgres: DatabaseAddresses) -> str:
    """The superuser's address of the session's server."""
    assert postgres.server is not None
    return postgres.server.url


@pytest.fixture(scope="session")
def role_secrets(postgres: DatabaseAddresses) -> RoleSecrets:
    """The passwords the session's server was provisioned with."""
    app, operator, dagster = (make_url(url).password for url in (postgres.app, postgres.operator, postgres.dagster))
    assert app is not None
    assert operator is not None
    assert dagster is not None
    return RoleSecrets(app, operator, dagster)
