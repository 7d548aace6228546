"""What a tenant has, asked without a model: for administration and for the start."""

from __future__ import annotations

from sqlalchemy import exists, select

from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DocumentRow, IndexEvaluationRow


def has_promoted(database: Database, tenant: TenantContext) -> bool:
    """Whether any version of the tenant's index was ever promoted."""
    with database.tenant(tenant) as session:
        return bool(session.scalar(select(exists().where(IndexEvaluationRow.promoted))))


def document_ids(database: Database, tenant: TenantContext) -> set[str]:
    """The ids of all documents that were read."""
    with database.tenant(tenant) as session:
        return set(session.scalars(select(DocumentRow.document_id)))
