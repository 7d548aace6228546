"""When a document changed at its source, and since when customers are told so: what freshness is measured by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import ChunkRow, DocumentRow, KnowledgeChangeRow, KnowledgeLookRow, RawDocumentRow
from components.helpdesk.ingestion.matching import is_one_of
from components.helpdesk.looks import SOURCE
from components.vectors.tenant_index import TenantIndex

KEPT = timedelta(days=400)
_ROW = KnowledgeChangeRow


@dataclass(frozen=True)
class SourceState:
    """A document as its source has it: the source's name, and when it says that it was changed."""

    source: str
    changed_at: datetime | None


def note_changes(
    session: Session,
    tenant: TenantContext,
    added: Mapping[str, SourceState],
    changed: Mapping[str, SourceState],
    removed: Mapping[str, str],
    looked_at: datetime,
) -> None:
    """What a look at the sources has found, in the transaction that stores it. removed: document -> source.

    What was not answered from yet, and is taken back by this, is waited for no longer: a document that is removed
    before anybody could ask about it, and one that is back before it was withdrawn.
    """
    never_told = _waiting(session, "added")
    still_told = _waiting(session, "removed")
    _take_back(session, removed, ("added", "changed"))
    _take_back(session, [*added, *changed], ("removed",))
    looks = select(KnowledgeLookRow.name, KnowledgeLookRow.looked_at).where(KnowledgeLookRow.subject == SOURCE)
    before = {row.name: row.looked_at for row in session.execute(looks)}

    def row(kind: str, document_id: str, state: SourceState) -> dict[str, object]:
        moment = _between(before.get(state.source), state.changed_at, looked_at)
        return {
            "change_id": uuid4(),
            "tenant_id": tenant.tenant_id,
            "document_id": document_id,
            "source": state.source,
            "kind": kind,
            "changed_at": moment,
        }

    rows = [row("changed" if each[0] in still_told else "added", *each) for each in added.items()]
    rows += [row("changed", *each) for each in changed.items()]
    gone = {document: source for document, source in removed.items() if document not in never_told}
    rows += [row("removed", document, SourceState(source, None)) for document, source in gone.items()]
    if rows:
        session.execute(insert(_ROW), rows)
    session.execute(delete(_ROW).where(_ROW.answerable_at < looked_at - KEPT))


def settle_changes(database: Database, tenant: TenantContext, index: TenantIndex) -> int:
    """Marks what the index that serves has caught up with; returns how many changes that are.

    By what it holds, not by who called: a run that dies after its promotion is completed by whichever comes next, and
    the moment is that of the promotion all the same.
    """
    with database.tenant(tenant) as session:
        waiting = dict(session.execute(select(_ROW.document_id, _ROW.kind).where(_ROW.answerable_at.is_(None))).all())
    if not waiting:
        return 0
    served = index.served()
    held: dict[str, set[str]] = {}
    if served is not None:
        for each in served.rows(["document_id", "chunk_id"]).to_pylist():
            held.setdefault(each["document_id"], set()).add(each["chunk_id"])
    gone = [document for document, kind in waiting.items() if kind == "removed" and document not in held]
    asked = [document for document, kind in waiting.items() if kind != "removed" and document in held]
    with database.tenant(tenant) as session:
        current = _chunks(session, asked)
        there = [document for document in asked if current.get(document) == held[document]]
        return sum(
            len(
                session.execute(
                    update(_ROW)
                    .where(_ROW.answerable_at.is_(None), is_one_of(_ROW.document_id, documents))
                    .where(_ROW.kind.in_(kinds))
                    .values(answerable_at=func.greatest(_ROW.seen_at, index.promoted_at()))
                    .returning(_ROW.change_id)
                ).all()
            )
            for documents, kinds in ((gone, ("removed",)), (there, ("added", "changed")))
        )


def _chunks(session: Session, documents: Sequence[str]) -> dict[str, set[str]]:
    """The passages of these documents, of those that are read and cut as their source has them now."""
    found: dict[str, set[str]] = {}
    rows = session.execute(
        select(ChunkRow.document_id, ChunkRow.chunk_id)
        .join(DocumentRow, DocumentRow.document_id == ChunkRow.document_id)
        .join(RawDocumentRow, RawDocumentRow.document_id == ChunkRow.document_id)
        .where(DocumentRow.checksum == RawDocumentRow.checksum)
        .where(DocumentRow.chunked_as.startswith(DocumentRow.checksum))
        .where(is_one_of(ChunkRow.document_id, documents))
    )
    for document, chunk in rows:
        found.setdefault(document, set()).add(chunk)
    return found


def _waiting(session: Session, kind: str) -> set[str]:
    return set(session.scalars(select(_ROW.document_id).where(_ROW.answerable_at.is_(None), _ROW.kind == kind)))


def _take_back(session: Session, documents: Collection[str], kinds: Sequence[str]) -> None:
    if documents:
        own = is_one_of(_ROW.document_id, sorted(documents))
        session.execute(delete(_ROW).where(_ROW.answerable_at.is_(None), _ROW.kind.in_(kinds), own))


def _between(before: datetime | None, claimed: datetime | None, now: datetime) -> datetime | None:
    """The moment that a source claims, where it can be: files that are copied bring older ones along, and what was
    there at the first look nobody has waited for."""
    return claimed if before is not None and claimed is not None and before <= claimed <= now else None
