"""The evaluations of NLU models as rows of each tenant whom the project understands: added, never changed."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import NluEvaluationRow
from components.helpdesk.reports.knowledge.checks import store_check
from components.helpdesk.understanding.evaluations import VersionEvaluation
from components.helpdesk.understanding.quality_check import nlu_quality

logger = logging.getLogger("helpdesk.nlu")


@dataclass(frozen=True)
class RecordedEvaluation:
    """One row. engines: figures as JSON values."""

    project: str
    version: str
    leader: str
    promoted: bool
    reason: str
    engines: tuple[dict[str, Any], ...]
    created_at: datetime


def store_evaluation(database: Database, tenant: TenantContext, project: str, evaluation: VersionEvaluation) -> None:
    """Adds a row, and keeps what the check of it says; neither for a tenant that was deleted meanwhile. Raises
    DatabaseUnavailable."""
    engines = [asdict(figures) for figures in evaluation.engines]
    engines += [{"engine": name, "failed": why} for name, why in evaluation.failed.items()]
    try:
        with database.tenant(tenant) as session:
            session.add(
                NluEvaluationRow(
                    evaluation_id=uuid4(),
                    tenant_id=tenant.tenant_id,
                    project=project,
                    version=evaluation.version,
                    leader=evaluation.leader,
                    engines=engines,
                    promoted=evaluation.promoted,
                    reason=evaluation.reason,
                )
            )
            store_check(session, tenant, nlu_quality(evaluation), datetime.now(UTC))
    except IntegrityError:
        logger.info("tenant %s is gone: its evaluation of %s is not kept", tenant.tenant_id, project)


def recorded_evaluations(database: Database, tenant: TenantContext, limit: int = 20) -> tuple[RecordedEvaluation, ...]:
    """The tenant's, newest first. Raises DatabaseUnavailable."""
    newest = select(NluEvaluationRow).order_by(NluEvaluationRow.created_at.desc()).limit(limit)
    with database.tenant(tenant) as session:
        return tuple(
            RecordedEvaluation(
                row.project, row.version, row.leader, row.promoted, row.reason, tuple(row.engines), row.created_at
            )
            for row in session.scalars(newest)
        )
