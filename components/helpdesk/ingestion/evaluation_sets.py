"""The questions that a source declares, kept beside those from elsewhere."""

from __future__ import annotations

from pathlib import Path

from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.evaluation.beir import EvaluationSet, load_evaluation_set
from components.helpdesk.evaluation.sets import EvaluationSets
from components.helpdesk.ingestion.reports import EvaluationSetReport

AUTHOR = "source"


def store_evaluation_set(database: Database, tenant: TenantContext, folder: Path) -> EvaluationSetReport:
    """Reads a folder in BEIR's layout and keeps it; the version stored last is the one used, also where it was
    there before. Raises InvalidEvaluationSet."""
    loaded = load_evaluation_set(folder)
    EvaluationSets(database).store(tenant, loaded, author=AUTHOR)
    return EvaluationSetReport(
        loaded.name, loaded.version, len(loaded.queries), len(loaded.answerable), len(loaded.unanswerable)
    )


def find_evaluation_set(database: Database, tenant: TenantContext) -> EvaluationSet | None:
    """What EvaluationSets.in_use says."""
    return EvaluationSets(database).in_use(tenant)
