"""Which of a tenant's documents answers quote, and which none does, and how much that says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from components.core.tenant import Tenant
from components.database.tables import DocumentRow
from components.helpdesk.reports.citations import CitedDocument, most_cited, never_cited
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.selection import CITATIONS

# Below so many answers that quote, nothing is said of what they do not quote.
ENOUGH = 30
MOST_CITED = 20
_ANSWERS = "FROM chosen SELECT count(DISTINCT answer_id) AS answers"
_LAST = "FROM citations SELECT document_id, max(day) AS last_day GROUP BY document_id"


@dataclass(frozen=True)
class UncitedDocument:
    """updated_at: when its present text came in. last_day: on which it was quoted last, before the period or after it;
    None where never."""

    document_id: str
    title: str
    updated_at: datetime
    last_day: date | None


@dataclass(frozen=True)
class Citations:
    """Of a period. answers: those that quote something. documents: all there are now. titles: of these, by id. cited:
    the twenty quoted most, also of those that are gone. refreshed_at: up to when answers are known, None where they
    were never read.

    enough: whether there are enough answers to say anything of what none of them quotes: then at most the share
    `at_most` of the answers to come needs any one such document (3 / answers, the rule of three; Hanley and
    Lippman-Hand, 1983).
    """

    answers: int
    documents: int
    titles: dict[str, str]
    cited: tuple[CitedDocument, ...]
    uncited: tuple[UncitedDocument, ...]
    enough: bool
    at_most: float | None
    refreshed_at: datetime | None


def citations(session: Session, reader: ReportReader, tenant: Tenant, filters: Filters) -> Citations:
    """session: of the tenant. reader: open on the tenant's facts alone. Raises Unavailable."""
    found = session.execute(select(DocumentRow.document_id, DocumentRow.title, DocumentRow.updated_at))
    documents = {row.document_id: (row.title, row.updated_at) for row in found}
    answers: int = reader.one(CITATIONS, filters, _ANSWERS)["answers"]
    last = {row["document_id"]: row["last_day"] for row in reader.ask(_LAST)}
    uncited = never_cited(reader, filters, {tenant.tenant_id: documents})[tenant.tenant_id]
    return Citations(
        answers=answers,
        documents=len(documents),
        titles={key: title for key, (title, _) in documents.items()},
        cited=tuple(most_cited(reader, filters, MOST_CITED)),
        uncited=tuple(UncitedDocument(key, *documents[key], last.get(key)) for key in uncited),
        enough=answers >= ENOUGH,
        at_most=min(1.0, 3 / answers) if answers else None,
        refreshed_at=reader.refreshed_at,
    )
