"""All of a tenant's assets in this process, as a run that Dagster's interface shows like any other."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from components.core.errors import HelpdeskError
from dagster_project.dead_runs import PROCESS_TAG, process_mark
from dagster_project.jobs import KNOWLEDGE, STAGES
from dagster_project.partitions import TENANT

if TYPE_CHECKING:
    from components.bootstrap import Workbench

QUALITY = "retrieval_quality"


@dataclass(frozen=True)
class AssetProgress:
    """Where a run is. done of total: within the asset; total is 0 where it does not count its work.
    finished: assets completed, of `assets`."""

    asset: str
    done: int
    total: int
    finished: int
    assets: int = len(STAGES)


@dataclass(frozen=True)
class Materialised:
    """promoted: whether the new index serves. reason: what the evaluation said of it."""

    run_id: str
    promoted: bool
    reason: str


def materialise(
    instance: dg.DagsterInstance,
    workbench: Workbench,
    tenant_domain: str,
    on_progress: Callable[[AssetProgress], None] | None = None,
) -> Materialised:
    """Runs every asset and check for the tenant. A candidate that answers worse than what serves is no failure:
    it is not promoted. Raises the HelpdeskError that stopped an asset; another error comes as the cause of one.
    Whatever is raised, the last good index goes on serving and the next run completes this one."""
    from dagster_project.definitions import build_definitions
    from dagster_project.resources import Helpdesk

    begun: list[str] = []
    failures: dict[str, BaseException] = {}

    def report(asset: str, done: int, total: int) -> None:
        if asset not in begun:
            begun.append(asset)
        if on_progress is not None:
            on_progress(AssetProgress(asset, done, total, len(begun) - 1))

    @dg.failure_hook
    def remember(context: dg.HookContext) -> None:
        if context.op_exception is not None:
            failures[context.op.name] = context.op_exception

    instance.add_dynamic_partitions(TENANT, [tenant_domain])
    result = (
        build_definitions(workbench.settings)
        .resolve_job_def(KNOWLEDGE)
        .with_hooks({remember})
        .execute_in_process(
            instance=instance,
            partition_key=tenant_domain,
            raise_on_error=False,
            tags={PROCESS_TAG: process_mark(os.getpid())},
            resources={"helpdesk": Helpdesk(workbench.settings, workbench, report)},
        )
    )
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    quality = checks.get(QUALITY)
    if result.success or (quality is not None and not quality.passed):
        if result.success:
            report(STAGES[-1], 1, 1)
        return Materialised(result.run_id, result.success, quality.description or "" if quality else "")
    for asset, error in failures.items():
        if isinstance(error, HelpdeskError):
            raise error
        raise HelpdeskError(f"{asset} of {tenant_domain} failed: {error}") from error
    raise HelpdeskError(f"run {result.run_id} of {tenant_domain} failed: see it in Dagster's interface")
