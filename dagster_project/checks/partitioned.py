"""Checks with a result a tenant: Dagster has them since 1.13, and still calls them a preview at every use."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import dagster as dg

from dagster_project.checks.recording import record_check
from dagster_project.partitions import TENANTS
from dagster_project.resources import Helpdesk


def partitioned_spec(partitions: dg.PartitionsDefinition[str] = TENANTS, **arguments: Any) -> dg.AssetCheckSpec:
    """AssetCheckSpec over the tenants' partitions, or others."""
    with _without_preview_warning():
        return dg.AssetCheckSpec(**arguments, partitions_def=partitions)


def partitioned_check(**arguments: Any) -> Callable[[Callable[..., dg.AssetCheckResult]], dg.AssetChecksDefinition]:
    """The decorator asset_check over the tenants' partitions; each result is kept for the tenant's pages too.

    The function takes `context` and `helpdesk`, and the check has its name.
    """

    def decorate(function: Callable[..., dg.AssetCheckResult]) -> dg.AssetChecksDefinition:
        @wraps(function)
        def recorded(context: dg.AssetCheckExecutionContext, helpdesk: Helpdesk) -> dg.AssetCheckResult:
            tenants = [helpdesk.tenant(context.partition_key)]
            asset = arguments["asset"].key.to_user_string()
            return record_check(helpdesk, tenants, function.__name__, asset, function(context, helpdesk))

        with _without_preview_warning():
            return dg.asset_check(**arguments, partitions_def=TENANTS)(recorded)

    return decorate


def _without_preview_warning() -> warnings.catch_warnings:
    return warnings.catch_warnings(action="ignore", category=dg.PreviewWarning)
