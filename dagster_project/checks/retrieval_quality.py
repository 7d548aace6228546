"""No promotion of knowledge that answers worse than what serves now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from dagster_project.checks.partitioned import partitioned_spec
from dagster_project.checks.showing import shown

if TYPE_CHECKING:
    from components.helpdesk.ingestion.reports import EvaluationReport


def retrieval_quality() -> dg.AssetCheckSpec:
    """The specification; the asset itself yields the result, since it has just measured it."""
    return partitioned_spec(
        name="retrieval_quality",
        asset="retrieval_evaluation",
        blocking=True,
        description="Retrieval is not worse than with the last promoted index.",
    )


def quality_result(report: EvaluationReport) -> dg.AssetCheckResult:
    """What the check says about an evaluation."""
    from components.helpdesk.ingestion import checks

    return shown(checks.retrieval_quality(report))
