"""All of a tenant's assets in this process, as a run that Dagster's interface shows like any other."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from components.core.errors import HelpdeskError
from dagster_project.dead_runs import PROCESS_TAG, process_mark
from dagster_project.jobs import KNOWLEDGE, STAGES, console_log
from dagster_project.partitions import TENANT

if TYPE_CHECKING:
    from components.bootstrap import Workbench

# Checks that find a candidate worse, which is no failure.
QUALITIES = ("retrieval_quality", "answer_quality")


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
    it is not promoted. Raises HelpdeskError naming the asset and what stopped it; the last good index goes on
    serving then, and the next run completes this one."""
    from dagster_project.definitions import build_definitions
    from dagster_project.resources import Helpdesk

    begun: list[str] = []

    def report(asset: str, done: int, total: int) -> None:
        if asset not in begun:
            begun.append(asset)
        if on_progress is not None:
            on_progress(AssetProgress(asset, done, total, len(begun) - 1))

    instance.add_dynamic_partitions(TENANT, [tenant_domain])
    result = (
        build_definitions(workbench.settings)
        .resolve_job_def(KNOWLEDGE)
        .execute_in_process(
            instance=instance,
            partition_key=tenant_domain,
            run_config=console_log("CRITICAL"),
            raise_on_error=False,
            tags={PROCESS_TAG: process_mark(os.getpid())},
            resources={"helpdesk": Helpdesk(workbench.settings, workbench, report)},
        )
    )
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    measured = [checks[name] for name in QUALITIES if name in checks]
    worse = [check for check in measured if not check.passed]
    if result.success or worse:
        if result.success:
            report(STAGES[-1], 1, 1)
        reasons = [check.description or "" for check in worse or measured]
        return Materialised(result.run_id, result.success, "; ".join(reasons))
    raise HelpdeskError(f"{tenant_domain}: {first_failure(result)}")


def first_failure(result: dg.ExecuteInProcessResult) -> str:
    """The first asset or check that failed, with what its error says."""
    for event in result.filter_events(lambda event: event.is_step_failure):
        error = event.step_failure_data.error
        error = error.cause if error is not None and error.cause is not None else error
        if error is not None:
            return f"{event.step_key} failed: {error.message.strip().removeprefix(f'{error.cls_name}: ')}"
    return f"run {result.run_id} failed: Dagster's interface shows where"
