"""No promotion of knowledge that answers customers worse than what serves now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from dagster_project.checks.partitioned import partitioned_spec
from dagster_project.presentation import difference_metadata, judge_metadata

if TYPE_CHECKING:
    from components.helpdesk.evaluation.index_answers import IndexAnswersReport

ANSWER_QUALITY = "answer_quality"


def answer_quality() -> dg.AssetCheckSpec:
    """The specification; the asset itself yields the result, since it has just measured it."""
    return partitioned_spec(
        name=ANSWER_QUALITY,
        asset="answer_evaluation",
        blocking=True,
        description="Answers are not worse than with the last promoted index.",
    )


def answers_result(report: IndexAnswersReport) -> dg.AssetCheckResult:
    """What the check says about an evaluation."""
    return dg.AssetCheckResult(
        check_name=ANSWER_QUALITY,
        passed=report.acceptable,
        severity=dg.AssetCheckSeverity.ERROR,
        description=report.reason,
        metadata={"questions": report.questions, **difference_metadata(report.judgement), **judge_metadata(report)},
    )
