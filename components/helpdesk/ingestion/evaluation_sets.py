"""A tenant's questions with known answers: stored by version, so that a figure can be traced to what was asked."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DocumentRow, EvaluationSetRow
from components.helpdesk.evaluation.beir import EvaluationSet, load_evaluation_set
from components.helpdesk.ingestion.reports import EvaluationSetReport


def store_evaluation_set(database: Database, tenant: TenantContext, folder: Path) -> EvaluationSetReport:
    """Reads a folder in BEIR's layout and keeps it; the version stored last is the one used, also where it was
    there before. Raises InvalidEvaluationSet."""
    loaded = load_evaluation_set(folder)
    values = {"queries": dict(loaded.queries), "qrels": {key: dict(grades) for key, grades in loaded.qrels.items()}}
    with database.tenant(tenant) as session:
        statement = insert(EvaluationSetRow).values(
            tenant_id=tenant.tenant_id, name=loaded.name, version=loaded.version, **values
        )
        key = [EvaluationSetRow.tenant_id, EvaluationSetRow.name, EvaluationSetRow.version]
        session.execute(statement.on_conflict_do_update(index_elements=key, set_={"created_at": func.now()}))
    return EvaluationSetReport(
        loaded.name, loaded.version, len(loaded.queries), len(loaded.answerable), len(loaded.unanswerable)
    )


def find_evaluation_set(database: Database, tenant: TenantContext) -> EvaluationSet | None:
    """The newest version of each stored set, taken together, judged against the documents that exist: a question
    whose every answer was deleted is left out, since it tells nothing about retrieval. None where none is left."""
    newest = (
        select(EvaluationSetRow)
        .ext(distinct_on(EvaluationSetRow.name))
        .order_by(EvaluationSetRow.name, EvaluationSetRow.created_at.desc(), EvaluationSetRow.version)
    )
    with database.tenant(tenant) as session:
        stored = [
            EvaluationSet(row.name, row.version, dict(row.queries), dict(row.qrels)) for row in session.scalars(newest)
        ]
        present = set(session.scalars(select(DocumentRow.document_id)))
    if not stored:
        return None
    whole = stored[0] if len(stored) == 1 else _together(stored)
    qrels = {
        query: {document: grade for document, grade in grades.items() if document in present}
        for query, grades in whole.qrels.items()
    }
    queries = {query: text for query, text in whole.queries.items() if query not in qrels or qrels[query]}
    if not queries:
        return None
    answered = {query: grades for query, grades in qrels.items() if grades}
    return EvaluationSet(whole.name, whole.version, queries, answered)


def _together(sets: list[EvaluationSet]) -> EvaluationSet:
    """One set of all questions; their ids get the set's name in front, since two sets may both have a q1."""
    return EvaluationSet(
        " + ".join(each.name for each in sets),
        sha256(" ".join(each.version for each in sets).encode()).hexdigest()[:16],
        {f"{each.name}:{query}": text for each in sets for query, text in each.queries.items()},
        {f"{each.name}:{query}": grades for each in sets for query, grades in each.qrels.items()},
    )
