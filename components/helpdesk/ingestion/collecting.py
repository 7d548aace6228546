"""Sources to raw documents: what is new, changed or gone since the last run."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from components.core.documents import DocumentProblem, RawDocument
from components.core.sources import KnowledgeSource
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DocumentProblemRow, RawDocumentRow
from components.helpdesk.ingestion.blobs import BlobStore
from components.helpdesk.ingestion.problems import store_problems
from components.helpdesk.ingestion.reports import CollectReport


def collect(
    database: Database, blobs: BlobStore, tenant: TenantContext, sources: Sequence[KnowledgeSource]
) -> CollectReport:
    """Every source is listed before anything changes: one that fails raises Unavailable and deletes nothing."""
    started = perf_counter()
    snapshots = [source.snapshot() for source in sources]
    documents = {document.document_id: document for snapshot in snapshots for document in snapshot.documents}
    problems = [problem for snapshot in snapshots for problem in snapshot.problems]
    for document in documents.values():
        blobs.put(tenant, document.checksum, document.content)
    with database.tenant(tenant) as session:
        known = dict(session.execute(select(RawDocumentRow.document_id, RawDocumentRow.checksum)).tuples().all())
        changed = [key for key, document in documents.items() if key in known and known[key] != document.checksum]
        added = [key for key in documents if key not in known]
        removed = [key for key in known if key not in documents]
        for key in (*added, *changed):
            values = _values(documents[key])
            statement = insert(RawDocumentRow).values(tenant_id=tenant.tenant_id, **values)
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=[RawDocumentRow.tenant_id, RawDocumentRow.document_id], set_=values
                )
            )
        session.execute(delete(RawDocumentRow).where(RawDocumentRow.document_id.in_(removed)))
        # What stands against a document that is as it was still stands; the parser need not try it again.
        standing = set(documents) - set(changed) - set(added)
        session.execute(delete(DocumentProblemRow).where(DocumentProblemRow.document_id.not_in(standing)))
        store_problems(session, tenant, problems)
    blobs.prune(tenant, {document.checksum for document in documents.values()})
    return CollectReport(
        added=len(added),
        changed=len(changed),
        removed=len(removed),
        unchanged=len(documents) - len(added) - len(changed),
        size_bytes=sum(len(document.content) for document in documents.values()),
        problems=tuple(sorted(problems, key=_by_document)),
        seconds=perf_counter() - started,
    )


def _values(document: RawDocument) -> dict[str, object]:
    return {
        "document_id": document.document_id,
        "source": document.source,
        "path": document.path,
        "media_type": document.media_type,
        "checksum": document.checksum,
        "size_bytes": len(document.content),
    }


def _by_document(problem: DocumentProblem) -> str:
    return problem.document_id
