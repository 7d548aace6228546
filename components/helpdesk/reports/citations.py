"""Which documents answer customers, and which never do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.selection import CITATIONS

_CITED = """
    , top AS MATERIALIZED (
        FROM chosen SELECT tenant_id, document_id, count(*) AS citations, max(day) AS last_day
        GROUP BY ALL ORDER BY citations DESC, tenant_id, document_id LIMIT $limit
    ), quoting AS (
        FROM chosen JOIN top USING (tenant_id, document_id) SELECT DISTINCT tenant_id, document_id, answer_id
    ), judged AS (
        FROM quoting LEFT JOIN (FROM answers SELECT tenant_id, answer_id, thumb WHERE thumb IS NOT NULL) AS thumbs
            USING (tenant_id, answer_id)
        SELECT tenant_id, document_id, count(*) AS answers, count(*) FILTER (thumb = 1) AS thumbs_up,
            count(*) FILTER (thumb = -1) AS thumbs_down
        GROUP BY ALL
    )
    FROM top JOIN judged USING (tenant_id, document_id)
    SELECT tenant_id, document_id, citations, answers, thumbs_up, thumbs_down, last_day
    ORDER BY citations DESC, tenant_id, document_id
"""
_ALL_CITED = "FROM chosen SELECT DISTINCT tenant_id, document_id"


@dataclass(frozen=True)
class CitedDocument:
    """How often a document was quoted in the period. answers: that quote it at least once; thumbs: of those answers, as
    customers judged them. last_day: 2026-11-30."""

    tenant_id: str
    tenant: str
    document_id: str
    citations: int
    answers: int
    thumbs_up: int
    thumbs_down: int
    last_day: str


def most_cited(reader: ReportReader, filters: Filters, limit: int = 20) -> Sequence[CitedDocument]:
    """The documents that are quoted most often. Of the filters, days and channels narrow them."""
    return [
        CitedDocument(
            row["tenant_id"],
            reader.label("tenant", row["tenant_id"]),
            row["document_id"],
            row["citations"],
            row["answers"],
            row["thumbs_up"],
            row["thumbs_down"],
            row["last_day"].isoformat(),
        )
        for row in reader.rows(CITATIONS, filters, _CITED, limit=limit)
    ]


def never_cited(
    reader: ReportReader, filters: Filters, documents: Mapping[UUID, Collection[str]]
) -> Mapping[UUID, Sequence[str]]:
    """documents: the ids of all that each tenant has; of these the ones that no answer of the period quotes, sorted."""
    cited = {(row["tenant_id"], row["document_id"]) for row in reader.rows(CITATIONS, filters, _ALL_CITED)}
    return {
        tenant: sorted(each for each in set(ids) if (str(tenant), each) not in cited)
        for tenant, ids in documents.items()
    }
