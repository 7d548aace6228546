"""No promotion of a model that understands customers worse than the one that serves now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from dagster_project.checks.partitioned import partitioned_spec
from dagster_project.checks.showing import shown
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
    """What the check says about an evaluation."""
    from components.helpdesk.understanding import quality_check

    return shown(quality_check.nlu_quality(evaluation))
