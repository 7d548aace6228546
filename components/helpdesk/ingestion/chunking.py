"""Documents to chunks: each document that changed, or whose chunks were cut by other rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from components.core.documents import Chunk, Document
from components.core.embeddings import Embedder
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import ChunkRow, DocumentRow
from components.helpdesk.ingestion.matching import is_one_of
from components.helpdesk.ingestion.reports import ChunkReport
from components.knowledge.chunking import chunk

RULES = 1  # Raise when components.knowledge.chunking cuts differently: every document is then cut anew.


def chunk_documents(
    database: Database,
    embedder: Embedder,
    tenant: TenantContext,
    max_tokens: int,
    overlap: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> ChunkReport:
    """One transaction a document: its old chunks go and its new ones come together.

    max_tokens: longest chunk wanted; an embedder that reads less lowers it, so that no word is lost.
    """
    started = perf_counter()
    limit = min(max_tokens, embedder.identity.max_tokens)
    rules = f"{RULES}:{embedder.identity.fingerprint[:16]}:{limit}:{overlap}"
    stamp = DocumentRow.checksum + ":" + rules
    with database.tenant(tenant) as session:
        stale = or_(DocumentRow.chunked_as.is_(None), DocumentRow.chunked_as != stamp)
        pending = session.scalars(select(DocumentRow.document_id).where(stale).order_by(DocumentRow.document_id)).all()
    added = removed = 0
    for done, document_id in enumerate(pending, start=1):
        with database.tenant(tenant) as session:
            row = session.get(DocumentRow, (tenant.tenant_id, document_id))
        if row is None:
            continue
        document = Document(row.document_id, row.source, row.title, row.markdown, row.checksum)
        chunks = chunk(document, token_spans=embedder.token_spans, max_tokens=limit, overlap=overlap)
        with database.tenant(tenant) as session:
            before = set(session.scalars(select(ChunkRow.chunk_id).where(ChunkRow.document_id == document_id)))
            _replace(session, tenant, chunks, before)
            own = and_(DocumentRow.document_id == document_id, DocumentRow.checksum == row.checksum)
            session.execute(update(DocumentRow).where(own).values(chunked_as=f"{row.checksum}:{rules}"))
        after = {piece.chunk_id for piece in chunks}
        added, removed = added + len(after - before), removed + len(before - after)
        if on_progress:
            on_progress(done, len(pending))
    with database.tenant(tenant) as session:
        count, tokens = session.execute(select(func.count(), func.coalesce(func.sum(ChunkRow.tokens), 0))).one()
        first = session.scalars(select(ChunkRow).order_by(ChunkRow.document_id, ChunkRow.position).limit(1)).first()
        preview = f"{' > '.join((first.title, *first.heading_path))}\n\n{first.text}" if first else ""
    return ChunkReport(len(pending), count, added, removed, tokens, perf_counter() - started, preview)


def chunk_ids(database: Database, tenant: TenantContext) -> list[str]:
    """Every chunk's id, in the order of documents."""
    with database.tenant(tenant) as session:
        return list(session.scalars(select(ChunkRow.chunk_id).order_by(ChunkRow.document_id, ChunkRow.position)))


def fetch_chunks(database: Database, tenant: TenantContext, identifiers: Sequence[str]) -> list[Chunk]:
    """The chunks with these ids, in their order; one that is gone is left out."""
    with database.tenant(tenant) as session:
        found = session.scalars(select(ChunkRow).where(is_one_of(ChunkRow.chunk_id, identifiers)))
        rows = {row.chunk_id: row for row in found}
        return [_chunk(rows[identifier]) for identifier in identifiers if identifier in rows]


def _replace(session: Session, tenant: TenantContext, chunks: Sequence[Chunk], before: set[str]) -> None:
    gone = before - {piece.chunk_id for piece in chunks}
    session.execute(delete(ChunkRow).where(is_one_of(ChunkRow.chunk_id, sorted(gone))))
    if chunks:
        statement = insert(ChunkRow)
        # An equal id means an equal text; where it stands and how an embedder counts it may differ.
        fresh = {"position": statement.excluded.position, "tokens": statement.excluded.tokens}
        key = [ChunkRow.tenant_id, ChunkRow.chunk_id]
        upsert = statement.on_conflict_do_update(index_elements=key, set_=fresh)
        session.execute(upsert, [_values(tenant, piece) for piece in chunks])


def _values(tenant: TenantContext, piece: Chunk) -> dict[str, object]:
    return {
        "tenant_id": tenant.tenant_id,
        "chunk_id": piece.chunk_id,
        "document_id": piece.document_id,
        "title": piece.title,
        "heading_path": list(piece.heading_path),
        "text": piece.text,
        "position": piece.position,
        "tokens": piece.tokens,
    }


def _chunk(row: ChunkRow) -> Chunk:
    return Chunk(row.chunk_id, row.document_id, row.title, tuple(row.heading_path), row.text, row.position, row.tokens)
