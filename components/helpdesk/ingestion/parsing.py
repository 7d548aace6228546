"""Raw documents to Markdown: each that is new or changed, and none that stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from sqlalchemy import and_, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from components.core.documents import Document, DocumentProblem, RawDocument
from components.core.errors import UnreadableDocument
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DocumentProblemRow, DocumentRow, RawDocumentRow
from components.helpdesk.ingestion.blobs import BlobStore
from components.helpdesk.ingestion.problems import store_problems, stored_problems
from components.helpdesk.ingestion.reports import ParseReport
from components.knowledge.parsing import parse

PREVIEW_CHARACTERS = 1500


def parse_documents(
    database: Database,
    blobs: BlobStore,
    tenant: TenantContext,
    on_progress: Callable[[int, int], None] | None = None,
) -> ParseReport:
    """One transaction a document: a killed run keeps what it has parsed. A document that became unreadable
    is withdrawn and reported, since its source no longer says what we would quote."""
    started = perf_counter()
    with database.tenant(tenant) as session:
        result = session.execute(
            delete(DocumentRow)
            .where(DocumentRow.document_id.not_in(select(RawDocumentRow.document_id)))
            .returning(DocumentRow.document_id)
        )
        removed = len(result.all())
        same = and_(
            DocumentRow.document_id == RawDocumentRow.document_id, DocumentRow.checksum == RawDocumentRow.checksum
        )
        pending = session.scalars(
            select(RawDocumentRow)
            .where(~select(DocumentRow).where(same).exists())
            .where(RawDocumentRow.document_id.not_in(select(DocumentProblemRow.document_id)))
            .order_by(RawDocumentRow.document_id)
        ).all()
        total = session.scalar(select(func.count()).select_from(RawDocumentRow)) or 0
    parsed, preview = 0, ""
    for done, row in enumerate(pending, start=1):
        content = blobs.get(tenant, row.checksum)
        raw = RawDocument(row.document_id, row.source, row.path, row.media_type, content, row.checksum)
        document = _parse_one(database, tenant, raw)
        if document is not None:
            parsed, preview = parsed + 1, preview or document.markdown[:PREVIEW_CHARACTERS]
        if on_progress:
            on_progress(done, len(pending))
    with database.tenant(tenant) as session:
        problems = stored_problems(session)
        if not preview:
            preview = session.scalar(select(func.left(DocumentRow.markdown, PREVIEW_CHARACTERS)).limit(1)) or ""
    return ParseReport(parsed, removed, total - len(pending), tuple(problems), perf_counter() - started, preview)


def _parse_one(database: Database, tenant: TenantContext, raw: RawDocument) -> Document | None:
    try:
        document = parse(raw)
    except UnreadableDocument as error:
        with database.tenant(tenant) as session:
            session.execute(delete(DocumentRow).where(DocumentRow.document_id == raw.document_id))
            store_problems(session, tenant, [DocumentProblem(raw.document_id, error.reason, error.message)])
        return None
    values = {
        "source": document.source,
        "title": document.title,
        "markdown": document.markdown,
        "checksum": document.checksum,
        "updated_at": func.now(),
    }
    with database.tenant(tenant) as session:
        statement = insert(DocumentRow).values(tenant_id=tenant.tenant_id, document_id=document.document_id, **values)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[DocumentRow.tenant_id, DocumentRow.document_id], set_=values
            )
        )
    return document
