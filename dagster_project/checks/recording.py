"""A check's result beside Dagster's own record of it, so that a page of the helpdesk need not ask Dagster."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from components.core.tenant import Tenant
    from dagster_project.resources import Helpdesk

_MOST_TEXT = 500


def record_check(
    helpdesk: Helpdesk, tenants: Iterable[Tenant], name: str, asset: str, result: dg.AssetCheckResult
) -> dg.AssetCheckResult:
    """`result` itself, once it is stored for each of the tenants whom it concerns. Raises DatabaseUnavailable."""
    from components.helpdesk.reports.knowledge.checks import CheckResult, Severity, store_check

    severity: Severity = "warning" if result.severity == dg.AssetCheckSeverity.WARN else "error"
    figures = {key: _plain(value) for key, value in (result.metadata or {}).items()}
    told = CheckResult(name, asset, result.passed, severity, result.description or "", figures)
    at = datetime.now(UTC)
    for tenant in tenants:
        with helpdesk.workbench.database.tenant(tenant.context) as session:
            store_check(session, tenant.context, told, at)
    return result


def _plain(value: Any) -> Any:
    """A figure as JSON can hold it; a text is cut."""
    held = value.value if isinstance(value, dg.MetadataValue) else value
    return held if isinstance(held, bool | int | float | list) else str(held)[:_MOST_TEXT]
