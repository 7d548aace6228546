"""The tenant registry: who the helpdesk works for, and how each one looks and greets."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from components.core.errors import InvalidInput, TenantExists, TenantNotFound
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import TenantRow
from components.helpdesk.audit import record_action
from components.helpdesk.ingestion.turns import LOCK_SECONDS, tenant_folder, turn
from components.helpdesk.storable import storable
from components.helpdesk.tenant_config import validate_config
from components.helpdesk.understanding.projects import own_folder
from components.vectors.tenant_index import delete_index
from components.warehouse.warehouse import Warehouse

DOMAIN = re.compile(r"(?=.{3,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])")
LONGEST_NAME = 200


def declared_in(data_dir: Path, domain: str) -> Path:
    """Where commands write the declarations of a tenant's sources."""
    return data_dir / "sources" / domain


class TenantRegistry:
    """Creates, finds, configures and deletes tenants. `data_dir` holds what a tenant has outside PostgreSQL."""

    def __init__(
        self, database: Database, data_dir: Path, *, on_deleted: Callable[[TenantContext], None] | None = None
    ) -> None:
        """on_deleted: forgets what is kept of a tenant elsewhere, once nobody can reach it any more."""
        self._database = database
        self._data_dir = data_dir
        self._on_deleted = on_deleted

    def create(self, name: str, domain: str, config: dict[str, Any] | None = None) -> Tenant:
        """Raises InvalidInput for a bad name, domain or config, TenantExists for a domain that is taken."""
        name = storable(name, "name").strip()
        if not 1 <= len(name) <= LONGEST_NAME:
            raise InvalidInput(f"name={name!r}: 1 to {LONGEST_NAME} characters are allowed", field="name")
        if not DOMAIN.fullmatch(domain):
            raise InvalidInput(
                f"domain={domain!r}: a lower-case host name such as shop.example is allowed", field="domain"
            )
        config = validate_config(config or {})
        tenant_id = uuid4()
        try:
            with self._database.operator() as session:
                session.add(TenantRow(tenant_id=tenant_id, name=name, domain=domain, config_json=config))
        except IntegrityError as error:
            raise TenantExists(f"domain={domain!r} belongs to a tenant already", field="domain") from error
        with self._database.tenant(TenantContext(tenant_id)) as session:
            record_action(session, tenant_id, "tenant.created", {"name": name, "domain": domain})
        return self.get(tenant_id)

    def list(self) -> list[Tenant]:
        """Every tenant, by domain. For the operator only."""
        with self._database.operator() as session:
            return [_tenant(row) for row in session.scalars(select(TenantRow).order_by(TenantRow.domain))]

    def get(self, tenant_id: UUID) -> Tenant:
        """Raises TenantNotFound."""
        with self._database.tenant(TenantContext(tenant_id)) as session:
            return _tenant(_row(session, tenant_id))

    def find_by_domain(self, domain: str) -> Tenant | None:
        """The tenant whose domain this is, or None."""
        tenant_id = self._database.find_tenant_id(domain) if DOMAIN.fullmatch(domain) else None
        return self.get(tenant_id) if tenant_id else None

    def get_by_domain(self, domain: str) -> Tenant:
        """Raises TenantNotFound."""
        tenant = self.find_by_domain(domain)
        if tenant is None:
            raise TenantNotFound(f"no tenant has the domain {domain!r}: `helpdesk tenant list` shows those there are")
        return tenant

    def update_config(self, tenant_id: UUID, config: dict[str, Any]) -> Tenant:
        """Replaces the configuration. Raises InvalidInput naming the key, TenantNotFound."""
        config = validate_config(config)
        with self._database.tenant(TenantContext(tenant_id)) as session:
            _row(session, tenant_id).config_json = config
            record_action(session, tenant_id, "tenant.configured", {"keys": sorted(config)})
        return self.get(tenant_id)

    def delete(self, tenant_id: UUID) -> None:
        """The tenant with everything it has: rows, index, files, declared sources. Raises TenantNotFound.

        The rows go last: killed half-way, the tenant is still listed and the deletion can be repeated. An
        ingestion that is under way ends its stage first, and then finds no tenant.
        """
        tenant, domain = TenantContext(tenant_id), self.get(tenant_id).domain
        facts = Warehouse(self._data_dir).removing(tenant, LOCK_SECONDS)
        with turn(self._database, self._data_dir, tenant), facts:
            # First: whoever has the domain next must not inherit them.
            shutil.rmtree(declared_in(self._data_dir, domain), ignore_errors=True)
            delete_index(self._data_dir / "vectors", tenant)
            shutil.rmtree(own_folder(self._data_dir, tenant), ignore_errors=True)
            shutil.rmtree(tenant_folder(self._data_dir, tenant))
            with self._database.operator() as session:
                session.execute(delete(TenantRow).where(TenantRow.tenant_id == tenant_id))
        if self._on_deleted is not None:
            self._on_deleted(tenant)


def _row(session: Session, tenant_id: UUID) -> TenantRow:
    row = session.get(TenantRow, tenant_id)
    if row is None:
        raise TenantNotFound(f"no tenant has the id {tenant_id}", field="tenant_id")
    return row


def _tenant(row: TenantRow) -> Tenant:
    return Tenant(row.tenant_id, row.name, row.domain, dict(row.config_json))
