"""No promotion of a model that understands customers worse than the one that serves now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import dagster as dg

from dagster_project.checks.partitioned import partitioned_spec
from dagster_project.partitions import NLU_PROJECTS

if TYPE_CHECKING:
    from components.core.tenant import Tenant
    from components.helpdesk.reports.knowledge.checks import CheckResult
    from components.helpdesk.understanding.evaluations import VersionEvaluation
    from dagster_project.resources import Helpdesk

NLU_QUALITY = "nlu_quality"


def nlu_quality() -> dg.AssetCheckSpec:
    """The specification; the asset itself yields the result, since it has just measured it."""
    return partitioned_spec(
        NLU_PROJECTS,
        name=NLU_QUALITY,
        asset="nlu_model",
        description="The new version understands its own data no worse than the one that serves would.",
    )


def note_nlu_quality(helpdesk: Helpdesk, tenants: Iterable[Tenant], evaluation: VersionEvaluation) -> CheckResult:
    """The check's result, once it is kept for the tenants whom the version serves. A warning where the version was held
    back: nothing is broken, the one before goes on serving. Raises DatabaseUnavailable."""
    from components.helpdesk.ingestion.checks import note_check
    from components.helpdesk.reports.knowledge.checks import CheckResult

    figures = {f"macro-F1 {each.engine}": round(each.macro_f1, 4) for each in evaluation.engines}
    before = {} if evaluation.before is None else {"macro-F1 with the served examples": round(evaluation.before, 4)}
    result = CheckResult(
        NLU_QUALITY,
        "nlu_model",
        evaluation.promoted,
        "warning",
        evaluation.reason,
        {"version": evaluation.version, **figures, **before},
    )
    for tenant in tenants:
        note_check(helpdesk.workbench.database, tenant.context, result)
    return result
