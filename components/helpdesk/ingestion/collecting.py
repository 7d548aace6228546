"""Sources to raw documents: what is new, changed or gone since the last run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from components.core.documents import DocumentProblem, RawDocument, SourceSnapshot
from components.core.errors import InvalidInput, Unavailable
from components.core.sources import KnowledgeSource
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DocumentProblemRow, RawDocumentRow
from components.helpdesk.ingestion.blobs import BlobStore
from components.helpdesk.ingestion.changes import SourceState, note_changes
from components.helpdesk.ingestion.matching import is_one_of
from components.helpdesk.ingestion.problems import store_problems
from components.helpdesk.ingestion.reports import CollectReport
from components.helpdesk.looks import SOURCE, forget_looks, store_failed_look, store_look


def collect(
    database: Database, blobs: BlobStore, tenant: TenantContext, sources: Sequence[KnowledgeSource]
) -> CollectReport:
    """Every source is listed before anything changes: one that fails raises Unavailable and deletes nothing.

    Raises InvalidInput for two sources with one name: their documents would share ids.
    """
    started, looked_at = perf_counter(), datetime.now(UTC)
    twice = [name for name, times in Counter(source.name for source in sources).items() if times > 1]
    if twice:
        raise InvalidInput(f"source name {twice[0]!r} stands twice: each source needs its own", field="name")
    documents: dict[str, dict[str, Any]] = {}
    states: dict[str, SourceState] = {}
    problems: list[DocumentProblem] = []
    for source in sources:
        # One source's bytes in memory at a time; what an unfinished run leaves behind, the next one prunes.
        snapshot = _listed(database, tenant, source)
        for document in snapshot.documents:
            blobs.put(tenant, document.checksum, document.content)
            documents[document.document_id] = _values(tenant, document)
            states[document.document_id] = SourceState(document.source, document.changed_at)
        problems.extend(snapshot.problems)
    with database.tenant(tenant) as session:
        stored = session.execute(select(RawDocumentRow.document_id, RawDocumentRow.checksum, RawDocumentRow.source))
        known, origin = {}, {}
        for row in stored:
            known[row.document_id], origin[row.document_id] = row.checksum, row.source
        added = [key for key in documents if key not in known]
        changed = [key for key, row in documents.items() if key in known and known[key] != row["checksum"]]
        removed = [key for key in known if key not in documents]
        if added or changed:
            statement = insert(RawDocumentRow)
            fresh = {
                name: statement.excluded[name] for name in ("source", "path", "media_type", "checksum", "size_bytes")
            }
            primary = [RawDocumentRow.tenant_id, RawDocumentRow.document_id]
            upsert = statement.on_conflict_do_update(index_elements=primary, set_={**fresh, "seen_at": func.now()})
            session.execute(upsert, [documents[key] for key in (*added, *changed)])
        session.execute(delete(RawDocumentRow).where(is_one_of(RawDocumentRow.document_id, removed)))
        # What stands against a document that is as it was still stands; the parser need not try it again.
        standing = documents.keys() - {*added, *changed}
        settled = [key for key in session.scalars(select(DocumentProblemRow.document_id)) if key not in standing]
        session.execute(delete(DocumentProblemRow).where(is_one_of(DocumentProblemRow.document_id, settled)))
        store_problems(session, tenant, problems)
        note_changes(
            session,
            tenant,
            {key: states[key] for key in added},
            {key: states[key] for key in changed},
            {key: origin[key] for key in removed},
            looked_at,
        )
        forget_looks(session, SOURCE, [source.name for source in sources])
        counts = Counter(state.source for state in states.values())
        for source in sources:
            store_look(session, tenant, SOURCE, looked_at, {"documents": counts[source.name]}, source.name)
    blobs.prune(tenant, {row["checksum"] for row in documents.values()})
    return CollectReport(
        added=len(added),
        changed=len(changed),
        removed=len(removed),
        unchanged=len(documents) - len(added) - len(changed),
        size_bytes=sum(row["size_bytes"] for row in documents.values()),
        problems=tuple(sorted(problems, key=_by_document)),
        seconds=perf_counter() - started,
    )


def _listed(database: Database, tenant: TenantContext, source: KnowledgeSource) -> SourceSnapshot:
    try:
        return source.snapshot()
    except Unavailable as error:
        with database.tenant(tenant) as session:
            store_failed_look(session, tenant, SOURCE, datetime.now(UTC), error.message, source.name)
        raise


def _values(tenant: TenantContext, document: RawDocument) -> dict[str, Any]:
    return {
        "tenant_id": tenant.tenant_id,
        "document_id": document.document_id,
        "source": document.source,
        "path": document.path,
        "media_type": document.media_type,
        "checksum": document.checksum,
        "size_bytes": len(document.content),
    }


def _by_document(problem: DocumentProblem) -> str:
    return problem.document_id
