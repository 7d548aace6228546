"""Checks with a result a tenant: Dagster has them since 1.13, and still calls them a preview at every use."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import dagster as dg

from dagster_project.partitions import TENANTS


def partitioned_spec(partitions: dg.PartitionsDefinition[str] = TENANTS, **arguments: Any) -> dg.AssetCheckSpec:
    """AssetCheckSpec over the tenants' partitions, or others."""
    with _without_preview_warning():
        return dg.AssetCheckSpec(**arguments, partitions_def=partitions)


def partitioned_check(**arguments: Any) -> Callable[[Callable[..., dg.AssetCheckResult]], dg.AssetChecksDefinition]:
    """The decorator asset_check over the tenants' partitions."""

    def decorate(function: Callable[..., dg.AssetCheckResult]) -> dg.AssetChecksDefinition:
        with _without_preview_warning():
            return dg.asset_check(**arguments, partitions_def=TENANTS)(function)

    return decorate


def _without_preview_warning() -> warnings.catch_warnings:
    return warnings.catch_warnings(action="ignore", category=dg.PreviewWarning)
