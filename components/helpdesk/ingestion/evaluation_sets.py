"""A tenant's questions with known answers: stored by version, so that a figure can be traced to what was asked."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import DocumentRow, EvaluationSetRow
from components.helpdesk.evaluation.beir import EvaluationSet, load_evaluation_set
from components.helpdesk.ingestion.reports import EvaluationSetReport


def store_evaluation_set(database: Database, tenant: TenantContext, folder: Path) -> EvaluationSetReport:
    """Reads a folder in BEIR's layout and keeps it; the newest version is the one used. Raises InvalidEvaluationSet."""
    loaded = load_evaluation_set(folder)
    values = {"queries": dict(loaded.queries), "qrels": {key: dict(grades) for key, grades in loaded.qrels.items()}}
    with database.tenant(tenant) as session:
        statement = insert(EvaluationSetRow).values(
            tenant_id=tenant.tenant_id, name=loaded.name, version=loaded.version, **values
        )
        session.execute(statement.on_conflict_do_nothing())
    return EvaluationSetReport(
        loaded.name, loaded.version, len(loaded.queries), len(loaded.answerable), len(loaded.unanswerable)
    )


def find_evaluation_set(database: Database, tenant: TenantContext) -> EvaluationSet | None:
    """The newest stored set, judged against the documents that exist: a question whose every answer was
    deleted is left out, since it tells nothing about retrieval."""
    with database.tenant(tenant) as session:
        row = session.scalars(select(EvaluationSetRow).order_by(EvaluationSetRow.created_at.desc()).limit(1)).first()
        if row is None:
            return None
        present = set(session.scalars(select(DocumentRow.document_id)))
        name, version, queries, judged = row.name, row.version, dict(row.queries), dict(row.qrels)
    qrels = {
        query: {document: grade for document, grade in grades.items() if document in present}
        for query, grades in judged.items()
    }
    return EvaluationSet(
        name,
        version,
        {query: text for query, text in queries.items() if query not in qrels or qrels[query]},
        {query: grades for query, grades in qrels.items() if grades},
    )
