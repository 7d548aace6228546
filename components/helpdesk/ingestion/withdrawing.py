"""What a source no longer holds is no longer cited, whatever becomes of the candidate index."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import insert, select

from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DocumentRow, IndexEvaluationRow
from components.vectors.tenant_index import TenantIndex


def withdraw_deleted(database: Database, tenant: TenantContext, index: TenantIndex) -> list[str]:
    """Takes the passages of documents that are gone out of the index that serves; returns their chunk ids.

    Neither the quality check nor a run that fails later can hold this up. A document that only changed keeps
    serving until its new passages do. What was learnt for the version before holds for the one after.
    """
    served = index.served()
    if served is None:
        return []
    with database.tenant(tenant) as session:
        present = set(session.scalars(select(DocumentRow.document_id)))
    rows = served.rows(["chunk_id", "document_id"]).to_pylist()
    gone = [row["chunk_id"] for row in rows if row["document_id"] not in present]
    if gone:
        version = index.withdraw(gone)
        _carry_over(database, tenant, served.version, version)
        index.promote(version)
    return gone


def _carry_over(database: Database, tenant: TenantContext, before: int, after: int) -> None:
    """The evaluations of one version as those of another."""
    row = IndexEvaluationRow
    with database.tenant(tenant) as session:
        kept = (row.set_name, row.set_version, row.pipeline, row.metrics, row.threshold, row.created_at)
        for values in session.execute(select(*kept).where(row.index_version == before)).mappings().all():
            session.execute(
                insert(row).values(
                    evaluation_id=uuid4(),
                    tenant_id=tenant.tenant_id,
                    index_version=after,
                    promoted=True,
                    **values,
                )
            )
