"""Looks through the index that serves for passages that contradict each other: only those that are new to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from time import perf_counter

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from components.core.answers import Passage
from components.core.embeddings import Embedder
from components.core.errors import IndexUnavailable
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import ChunkRow, KnowledgeConflictRow
from components.helpdesk.ingestion.matching import is_one_of
from components.helpdesk.looks import CONFLICTS, store_look
from components.helpdesk.reports.knowledge.contradiction import RULES, Contradiction, contradictions
from components.helpdesk.reports.knowledge.statements import Rarity
from components.vectors.snapshot import IndexSnapshot
from components.vectors.sql import text_literal
from components.vectors.tenant_index import TenantIndex

NEIGHBOURS = 10
MOST_PASSAGES = 2000
_BATCH = 64
_SAMPLE = 5000
_ROW = KnowledgeConflictRow
Pair = tuple[Passage, Passage]


@dataclass(frozen=True)
class ConflictSearch:
    """compared: passages held against their nearest now; left: those that wait for the next run. found: conflicts that
    stand, dismissed ones aside; new: first seen by this run."""

    index_version: int
    compared: int
    left: int
    found: int
    new: int
    seconds: float


def look_for_conflicts(
    database: Database,
    tenant: TenantContext,
    index: TenantIndex,
    embedder: Embedder,
    *,
    most: int = MOST_PASSAGES,
    on_progress: Callable[[int, int], None] | None = None,
) -> ConflictSearch:
    """Holds each passage that was not compared yet against the ten nearest of other documents.

    A batch is a transaction: a killed run keeps what it has compared. most: passages a run. Raises IndexUnavailable
    where nothing serves.
    """
    started, rules = perf_counter(), f"{RULES}:{embedder.identity.fingerprint[:16]}"
    served = index.served()
    if served is None:
        raise IndexUnavailable("nothing was promoted yet: there is nothing to compare")
    present = set(served.rows(["chunk_id"])["chunk_id"].to_pylist())
    with database.tenant(tenant) as session:
        stale = or_(ChunkRow.compared_as.is_(None), ChunkRow.compared_as != rules)
        waiting = [key for key in session.scalars(select(ChunkRow.chunk_id).where(stale)) if key in present]
    todo = sorted(waiting)[:most]
    rarity = Rarity(_sample(served)) if todo else Rarity(())
    new = 0
    for done, batch in _batches(todo):
        pairs = _pairs(served, batch)
        found = contradictions([(one.text, other.text) for one, other in pairs], rarity, embedder)
        with database.tenant(tenant) as session:
            new += _store(session, tenant, served.version, [(pairs[place], each) for place, each in found])
            compared = is_one_of(ChunkRow.chunk_id, batch)
            session.execute(update(ChunkRow).where(compared).values(compared_as=rules))
        if on_progress:
            on_progress(done, len(todo))
    with database.tenant(tenant) as session:
        _forget(session, present, everything=len(todo) == len(waiting))
        standing = session.scalar(select(func.count()).select_from(_ROW).where(_ROW.dismissed_at.is_(None))) or 0
        figures = {"index_version": served.version, "compared": len(todo), "left": len(waiting) - len(todo)}
        store_look(session, tenant, CONFLICTS, datetime.now(UTC), {**figures, "passages": len(present)})
    return ConflictSearch(served.version, len(todo), len(waiting) - len(todo), standing, new, perf_counter() - started)


def _batches(todo: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    remaining, done = iter(todo), 0
    while batch := list(islice(remaining, _BATCH)):
        done += len(batch)
        yield done, batch


def _sample(served: IndexSnapshot) -> list[str]:
    texts: list[str] = served.rows(["text"])["text"].to_pylist()
    return texts[:: -(-len(texts) // _SAMPLE) or 1]


def _pairs(served: IndexSnapshot, batch: Sequence[str]) -> list[Pair]:
    """Each passage with its nearest of other documents; the one whose document comes first in front."""
    passages, vectors = served.passages(batch), served.vectors(batch)
    found: dict[tuple[str, str], Pair] = {}
    for key, vector in vectors.items():
        own = passages[key]
        for other in served.search_vector(vector, NEIGHBOURS, f"document_id <> {text_literal(own.document_id)}"):
            first, second = sorted((own, other), key=lambda each: (each.document_id, each.chunk_id))
            found.setdefault((first.chunk_id, second.chunk_id), (first, second))
    return list(found.values())


def _store(session: Session, tenant: TenantContext, version: int, found: Sequence[tuple[Pair, Contradiction]]) -> int:
    """Returns how many were not known."""
    rows: Mapping[str, dict[str, object]] = {
        (key := _conflict_id(pair, each)): {
            "tenant_id": tenant.tenant_id,
            "conflict_id": key,
            "index_version": version,
            "first_chunk_id": pair[0].chunk_id,
            "first_document_id": pair[0].document_id,
            "first_sentence": each.first.text,
            "second_chunk_id": pair[1].chunk_id,
            "second_document_id": pair[1].document_id,
            "second_sentence": each.second.text,
            "kind": each.kind,
            "why": each.why,
            "similarity": each.similarity,
        }
        for pair, each in found
    }
    if not rows:
        return 0
    known = set(session.scalars(select(_ROW.conflict_id).where(is_one_of(_ROW.conflict_id, list(rows)))))
    statement = insert(_ROW)
    # A passage that was cut anew has another id; the sentence is the same, and so is what was decided of it.
    moved = ("index_version", "first_chunk_id", "second_chunk_id", "kind", "why", "similarity")
    fresh = {name: statement.excluded[name] for name in moved}
    upsert = statement.on_conflict_do_update(index_elements=[_ROW.tenant_id, _ROW.conflict_id], set_=fresh)
    session.execute(upsert, list(rows.values()))
    return len(rows.keys() - known)


def _forget(session: Session, present: set[str], *, everything: bool) -> None:
    """Conflicts of passages that are gone. A dismissed one stays until all is compared: its sentence may have moved."""
    rows = session.execute(select(_ROW.conflict_id, _ROW.first_chunk_id, _ROW.second_chunk_id))
    gone = [key for key, *chunks in rows if not present.issuperset(chunks)]
    forgotten = delete(_ROW).where(is_one_of(_ROW.conflict_id, gone))
    session.execute(forgotten if everything else forgotten.where(_ROW.dismissed_at.is_(None)))


def _conflict_id(pair: Pair, found: Contradiction) -> str:
    parts = (pair[0].document_id, found.first.text, pair[1].document_id, found.second.text)
    return sha256("\x1f".join(parts).encode()).hexdigest()[:32]
