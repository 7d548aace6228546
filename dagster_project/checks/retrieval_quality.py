"""No promotion of knowledge that answers worse than what serves now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from dagster_project.checks.partitioned import partitioned_spec
from dagster_project.presentation import difference_metadata, metric_metadata

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
    return dg.AssetCheckResult(
        check_name="retrieval_quality",
        passed=report.acceptable,
        severity=dg.AssetCheckSeverity.ERROR,
        description=report.reason,
        metadata={
            "index version": report.index_version,
            **metric_metadata(report.metrics),
            **metric_metadata(report.baseline, "serving: "),
            **difference_metadata(report.judgement),
        },
    )
