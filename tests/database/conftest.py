"""Rows for every table, made from the tables themselves, so that a new table is tested without a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url

from components.core.tenant import Tenant, TenantContext
from components.database.addresses import DatabaseAddresses
from components.database.roles import RoleSecrets
from components.database.session import Database
from components.database.tables import Base

Rows = Mapping[str, Mapping[str, Any]]


def _value(column: sa.Column[Any]) -> Any:
    match column.type:
        case sa.Uuid():
            return uuid4()
        case sa.Text():
            return uuid4().hex
        case sa.Boolean():
            return True
        case JSONB():
            return {}
        case sa.ARRAY():
            return []
        case sa.Integer() | sa.Float():
            return 1
    raise AssertionError(f"no value known for {column}")


def build_rows(tenant_id: UUID) -> Rows:
    """A row a table that belongs to this tenant, parents before children, foreign keys kept."""
    rows: dict[str, dict[str, Any]] = {}
    for table in Base.metadata.sorted_tables:
        row = {
            column.name: _value(column) for column in table.columns if not column.nullable and not column.server_default
        }
        row["tenant_id"] = tenant_id
        for constraint in table.foreign_key_constraints:
            parent = constraint.referred_table.name
            if parent != "tenants":
                row |= {key.parent.name: rows[parent][key.column.name] for key in constraint.elements}
        rows[table.name] = row
    return rows


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
