"""No promotion of a model that understands customers worse than the one that serves now, as a check."""

from __future__ import annotations

from components.helpdesk.reports.knowledge.checks import CheckResult
from components.helpdesk.understanding.evaluations import VersionEvaluation

NLU_QUALITY = "nlu_quality"


def nlu_quality(evaluation: VersionEvaluation) -> CheckResult:
    """A warning where the version was held back: nothing is broken, the one before goes on serving."""
    figures = {f"macro-F1 {each.engine}": round(each.macro_f1, 4) for each in evaluation.engines}
    before = {} if evaluation.before is None else {"macro-F1 with the served examples": round(evaluation.before, 4)}
    return CheckResult(
        NLU_QUALITY,
        "nlu_model",
        evaluation.promoted,
        "warning",
        evaluation.reason,
        {"version": evaluation.version, **figures, **before},
    )
