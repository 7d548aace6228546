"""What a tenant's knowledge is made of: documents, the passages they were cut into, and what could not be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import func, select

from components.core.documents import DocumentProblem
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import ChunkRow, DocumentRow, RawDocumentRow
from components.helpdesk.ingestion.problems import stored_problems


@dataclass(frozen=True)
class SurveyedDocument:
    """passages: how many. tokens: of all of them, in the embedder's own; longest: of the longest one."""

    document_id: str
    source: str
    title: str
    passages: int
    tokens: int
    longest: int


@dataclass(frozen=True)
class SurveyedSource:
    """One source. problems: documents that could not be used. changed_at: when a document of it last came or changed,
    as far as it was seen here; None where it has none."""

    source: str
    documents: int
    passages: int
    problems: int
    changed_at: datetime | None


@dataclass(frozen=True)
class KnowledgeSurvey:
    """documents: by id. sources: by name. lengths: of every passage, in tokens. problems: documents that could not be
    used."""

    documents: tuple[SurveyedDocument, ...]
    sources: tuple[SurveyedSource, ...]
    lengths: tuple[int, ...]
    problems: tuple[DocumentProblem, ...]

    @cached_property
    def without_passage(self) -> tuple[SurveyedDocument, ...]:
        """Of which nothing can be found."""
        return tuple(document for document in self.documents if not document.passages)


def survey_knowledge(database: Database, tenant: TenantContext) -> KnowledgeSurvey:
    """As it is stored now, whether or not it serves already."""
    counted = (
        select(
            DocumentRow.document_id,
            DocumentRow.source,
            DocumentRow.title,
            func.count(ChunkRow.chunk_id),
            func.coalesce(func.sum(ChunkRow.tokens), 0),
            func.coalesce(func.max(ChunkRow.tokens), 0),
        )
        .outerjoin(ChunkRow, ChunkRow.document_id == DocumentRow.document_id)
        .group_by(DocumentRow.document_id, DocumentRow.source, DocumentRow.title)
        .order_by(DocumentRow.document_id)
    )
    with database.tenant(tenant) as session:
        documents = tuple(SurveyedDocument(*row) for row in session.execute(counted))
        lengths = tuple(session.scalars(select(ChunkRow.tokens)))
        problems = tuple(stored_problems(session))
        changed = select(RawDocumentRow.source, func.max(RawDocumentRow.seen_at)).group_by(RawDocumentRow.source)
        moments = {row[0]: row[1] for row in session.execute(changed)}
    return KnowledgeSurvey(documents, _sources(documents, problems, moments), lengths, problems)


def _sources(
    documents: Sequence[SurveyedDocument], problems: Sequence[DocumentProblem], moments: Mapping[str, datetime]
) -> tuple[SurveyedSource, ...]:
    used, passages = Counter[str](), Counter[str]()
    for document in documents:
        used[document.source] += 1
        passages[document.source] += document.passages
    # An id is `<source>/<path>`; what was never read stands in no other table.
    unusable = Counter(problem.document_id.partition("/")[0] for problem in problems)
    return tuple(
        SurveyedSource(name, used[name], passages[name], unusable[name], moments.get(name))
        for name in sorted({*used, *unusable, *moments})
    )
