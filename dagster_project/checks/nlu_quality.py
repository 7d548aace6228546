"""No promotion of a model that understands customers worse than the one that serves now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from dagster_project.checks.partitioned import partitioned_spec
from dagster_project.partitions import NLU_PROJECTS

if TYPE_CHECKING:
    from components.helpdesk.understanding.evaluations import VersionEvaluation

NLU_QUALITY = "nlu_quality"


def nlu_quality() -> dg.AssetCheckSpec:
    """The specification; the asset itself yields the result, since it has just measured it."""
    return partitioned_spec(
        NLU_PROJECTS,
        name=NLU_QUALITY,
        asset="nlu_model",
        description="The new version understands its own data no worse than the one that serves would.",
    )


def nlu_quality_result(evaluation: VersionEvaluation) -> dg.AssetCheckResult:
    """A warning where the version was held back: nothing is broken, the one before goes on serving."""
    figures = {f"macro-F1 {each.engine}": round(each.macro_f1, 4) for each in evaluation.engines}
    before = {} if evaluation.before is None else {"macro-F1 with the served examples": round(evaluation.before, 4)}
    return dg.AssetCheckResult(
        check_name=NLU_QUALITY,
        passed=evaluation.promoted,
        severity=dg.AssetCheckSeverity.WARN,
        description=evaluation.reason,
        metadata={"version": evaluation.version, **figures, **before},
    )
