"""A tenant's documents as they were read, for whoever wants to cut or read them in another way."""

from __future__ import annotations

from sqlalchemy import select

from components.core.documents import Document
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DocumentRow


def stored_documents(database: Database, tenant: TenantContext) -> list[Document]:
    """All of them, by id."""
    with database.tenant(tenant) as session:
        rows = session.scalars(select(DocumentRow).order_by(DocumentRow.document_id))
        return [Document(row.document_id, row.source, row.title, row.markdown, row.checksum) for row in rows]
