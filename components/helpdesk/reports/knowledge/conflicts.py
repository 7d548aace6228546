"""Passages that contradict each other, as a knowledge manager goes through them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from components.core.errors import NotFound
from components.database.tables import ChunkRow, KnowledgeConflictRow

MOST_LISTED = 500
_ROW = KnowledgeConflictRow


@dataclass(frozen=True)
class Side:
    """One of the two. section: the headings above it, outermost first."""

    document_id: str
    title: str
    section: str
    chunk_id: str
    sentence: str


@dataclass(frozen=True)
class KnowledgeConflict:
    """kind: `number`, `denial` or `opposite`. similarity: cosine of the sentences. dismissed_by: who said that both
    hold, None while nobody has."""

    conflict_id: str
    first: Side
    second: Side
    kind: str
    why: str
    similarity: float
    first_seen: datetime
    dismissed_by: str | None
    dismissed_at: datetime | None


def conflicts(session: Session, *, dismissed: bool = False) -> tuple[KnowledgeConflict, ...]:
    """Those of the session's tenant whose passages are still there, the likest first, at most 500."""
    one, other = aliased(ChunkRow), aliased(ChunkRow)
    wanted = (
        select(_ROW, one, other)
        .join(one, one.chunk_id == _ROW.first_chunk_id)
        .join(other, other.chunk_id == _ROW.second_chunk_id)
        .where(_ROW.dismissed_at.is_not(None) if dismissed else _ROW.dismissed_at.is_(None))
        .order_by(_ROW.similarity.desc(), _ROW.conflict_id)
        .limit(MOST_LISTED)
    )
    return tuple(_conflict(*each) for each in session.execute(wanted))


def count_standing(session: Session) -> int:
    """How many nobody has dismissed."""
    there = [exists().where(ChunkRow.chunk_id == key) for key in (_ROW.first_chunk_id, _ROW.second_chunk_id)]
    return session.scalar(select(func.count()).select_from(_ROW).where(_ROW.dismissed_at.is_(None), *there)) or 0


def dismiss(session: Session, conflict_id: str, by: str, at: datetime) -> None:
    """Both sentences hold: it is shown no more, for as long as they stay as they are. Who did so first remains. Raises
    NotFound."""
    row = session.scalars(select(_ROW).where(_ROW.conflict_id == conflict_id).with_for_update()).first()
    if row is None:
        raise NotFound(f"no conflict has the id {conflict_id}", field="conflict_id")
    if row.dismissed_at is None:
        row.dismissed_by, row.dismissed_at = by, at


def _conflict(row: KnowledgeConflictRow, one: ChunkRow, other: ChunkRow) -> KnowledgeConflict:
    return KnowledgeConflict(
        row.conflict_id,
        _side(one, row.first_sentence),
        _side(other, row.second_sentence),
        row.kind,
        row.why,
        row.similarity,
        row.first_seen,
        row.dismissed_by,
        row.dismissed_at,
    )


def _side(chunk: ChunkRow, sentence: str) -> Side:
    return Side(chunk.document_id, chunk.title, " > ".join(chunk.heading_path), chunk.chunk_id, sentence)
