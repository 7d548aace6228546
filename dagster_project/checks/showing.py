"""A check of the helpdesk's, which has kept its result itself, as Dagster shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from components.helpdesk.reports.knowledge.checks import CheckResult


def shown(result: CheckResult) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.WARN if result.severity == "warning" else dg.AssetCheckSeverity.ERROR
    return dg.AssetCheckResult(
        check_name=result.name,
        passed=result.passed,
        severity=severity,
        description=result.description,
        metadata=dict(result.figures),
    )
