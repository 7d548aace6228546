"""Which documents answers quote, and which none ever did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DocumentRow
from components.helpdesk.reports.facts import ANSWERS, CITATIONS
from components.warehouse.reading import open_facts
from components.warehouse.warehouse import Warehouse

# Below so many answers that quote, nothing is said of what they do not quote.
ENOUGH = 30
_CITED = """
    SELECT c.document_id, count(DISTINCT c.answer_id),
           count(DISTINCT c.answer_id) FILTER (a.thumb = 1), count(DISTINCT c.answer_id) FILTER (a.thumb = -1),
           max(c.at)
    FROM citations c LEFT JOIN answers a USING (answer_id)
    WHERE c.at >= ? AND c.at < ? AND c.channel <> 'replay'
    GROUP BY 1 ORDER BY 2 DESC, 1
"""
_EVER = "SELECT document_id, max(at) FROM citations WHERE channel <> 'replay' GROUP BY 1"
_ANSWERS = "SELECT count(DISTINCT answer_id) FROM citations WHERE at >= ? AND at < ? AND channel <> 'replay'"


@dataclass(frozen=True)
class CitedDocument:
    """answers: how many quote it. thumbs_up, thumbs_down: of these. title: None where it is not there any more."""

    document_id: str
    title: str | None
    answers: int
    thumbs_up: int
    thumbs_down: int


@dataclass(frozen=True)
class UncitedDocument:
    """last_cited: before the period, None where never."""

    document_id: str
    title: str
    updated_at: datetime
    last_cited: datetime | None


@dataclass(frozen=True)
class Citations:
    """Of a period. answers: that quote something. refreshed_at: up to when they are known, None where none were read
    yet. enough: whether they are enough to say anything of what none of them quotes; then at most the share
    `at_most` of questions needs such a document (3/n, the rule of three; Hanley and Lippman-Hand, 1983)."""

    answers: int
    documents: int
    cited: tuple[CitedDocument, ...]
    uncited: tuple[UncitedDocument, ...]
    enough: bool
    at_most: float | None
    refreshed_at: datetime | None


def citations(
    database: Database, warehouse: Warehouse, tenant: TenantContext, since: datetime, until: datetime
) -> Citations:
    """What the answers of [since, until) quote, most first, and the documents that none of them does."""
    period = [_utc(since), _utc(until)]
    connection = open_facts(warehouse, [tenant], [ANSWERS, CITATIONS])
    try:
        rows = connection.execute(_CITED, period).fetchall()
        ever = dict(connection.execute(_EVER).fetchall())
        (answers,) = connection.execute(_ANSWERS, period).fetchone() or (0,)
    finally:
        connection.close()
    with database.tenant(tenant) as session:
        found = session.execute(select(DocumentRow.document_id, DocumentRow.title, DocumentRow.updated_at))
        documents = {row.document_id: (row.title, row.updated_at) for row in found}
    cited = {row[0] for row in rows}
    return Citations(
        answers=answers,
        documents=len(documents),
        cited=_cited(rows, documents),
        uncited=tuple(
            UncitedDocument(key, title, updated_at, _aware(ever.get(key)))
            for key, (title, updated_at) in sorted(documents.items())
            if key not in cited
        ),
        enough=answers >= ENOUGH,
        at_most=min(1.0, 3 / answers) if answers else None,
        refreshed_at=warehouse.manifest(tenant).refreshed_at,
    )


def _cited(rows: Sequence[tuple[Any, ...]], documents: dict[str, tuple[str, datetime]]) -> tuple[CitedDocument, ...]:
    titles = {key: title for key, (title, _) in documents.items()}
    return tuple(CitedDocument(key, titles.get(key), count, up, down) for key, count, up, down, _ in rows)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _aware(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)
