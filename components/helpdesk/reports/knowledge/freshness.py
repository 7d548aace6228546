"""How soon customers are answered from what changed at a source, and no longer from what was deleted there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Float, and_, case, cast, func, select
from sqlalchemy.orm import Session

from components.database.tables import DocumentProblemRow, KnowledgeChangeRow, RawDocumentRow
from components.helpdesk.looks import SOURCE, Look, looks_at

_ROW = KnowledgeChangeRow


@dataclass(frozen=True)
class Delays:
    """In seconds, of the changes that took effect in the period; None where there are none. from_seen: how many of
    them are counted from when they were seen, since their source does not say when they were made."""

    changes: int
    median: float | None
    p90: float | None
    most: float | None
    from_seen: int


@dataclass(frozen=True)
class SourceFreshness:
    """answerable: from an addition or a change at the source until customers are answered from it; unanswerable: from a
    deletion until they no longer are. waiting: documents of which neither can be said yet, the longest of them
    waiting_since; unreadable: those among them that cannot be used as they stand.

    looked_at: when the source was last read; failed_at and failure: since when that fails, and why.
    """

    source: str
    documents: int
    looked_at: datetime | None
    failed_at: datetime | None
    failure: str | None
    answerable: Delays
    unanswerable: Delays
    waiting: int
    waiting_since: datetime | None
    unreadable: int


_NONE = Delays(0, None, None, None, 0)


def freshness(session: Session, since: datetime, until: datetime) -> tuple[SourceFreshness, ...]:
    """Of each source of the session's tenant, by name. since, until: when a change took effect, until left out."""
    looks = {look.name: look for look in looks_at(session, SOURCE)}
    documents = {
        name: int(count)
        for name, count in session.execute(select(RawDocumentRow.source, func.count()).group_by(RawDocumentRow.source))
    }
    delays = _delays(session, since, until)
    waiting = _waiting(session)
    return tuple(
        _of(
            looks.get(name) or Look(name, None, {}, None, None),
            documents.get(name, 0),
            delays,
            waiting.get(name, (0, None, 0)),
        )
        for name in sorted({*looks, *documents, *waiting})
    )


def _of(
    look: Look, documents: int, delays: dict[tuple[str, bool], Delays], waiting: tuple[int, datetime | None, int]
) -> SourceFreshness:
    return SourceFreshness(
        look.name,
        documents,
        look.looked_at,
        look.failed_at,
        look.failure,
        delays.get((look.name, False), _NONE),
        delays.get((look.name, True), _NONE),
        *waiting,
    )


def _delays(session: Session, since: datetime, until: datetime) -> dict[tuple[str, bool], Delays]:
    gone = _ROW.kind == "removed"
    seconds: Any = cast(func.extract("epoch", _ROW.answerable_at - func.coalesce(_ROW.changed_at, _ROW.seen_at)), Float)
    rows = session.execute(
        select(
            _ROW.source,
            gone,
            func.count(),
            func.percentile_cont(0.5).within_group(seconds),
            func.percentile_cont(0.9).within_group(seconds),
            func.max(seconds),
            func.count(case((_ROW.changed_at.is_(None), 1))),
        )
        .where(_ROW.answerable_at >= since, _ROW.answerable_at < until)
        .group_by(_ROW.source, gone)
    )
    return {(source, removed): Delays(*figures) for source, removed, *figures in rows}


def _waiting(session: Session) -> dict[str, tuple[int, datetime | None, int]]:
    rows = session.execute(
        select(
            _ROW.source,
            func.count(_ROW.document_id.distinct()),
            func.min(func.coalesce(_ROW.changed_at, _ROW.seen_at)),
            func.count(DocumentProblemRow.document_id.distinct()),
        )
        .outerjoin(
            DocumentProblemRow,
            and_(DocumentProblemRow.document_id == _ROW.document_id, _ROW.kind != "removed"),
        )
        .where(_ROW.answerable_at.is_(None))
        .group_by(_ROW.source)
    )
    return {source: (count, oldest, unreadable) for source, count, oldest, unreadable in rows}
