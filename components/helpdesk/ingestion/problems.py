"""What stands against single documents: stored, so that a knowledge manager finds it after the run."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from components.core.documents import DocumentProblem
from components.core.tenant import TenantContext
from components.database.tables import DocumentProblemRow
from components.helpdesk.storable import made_storable


def store_problems(session: Session, tenant: TenantContext, problems: Iterable[DocumentProblem]) -> None:
    """One row a document; a later problem replaces an earlier one."""
    for problem in problems:
        found = {"reason": problem.reason, "message": made_storable(problem.message)}
        statement = insert(DocumentProblemRow).values(
            tenant_id=tenant.tenant_id, document_id=problem.document_id, **found
        )
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[DocumentProblemRow.tenant_id, DocumentProblemRow.document_id], set_=found
            )
        )


def stored_problems(session: Session) -> list[DocumentProblem]:
    """All that stand for the session's tenant, by document."""
    rows = session.scalars(select(DocumentProblemRow).order_by(DocumentProblemRow.document_id))
    return [DocumentProblem(row.document_id, row.reason, row.message) for row in rows]
