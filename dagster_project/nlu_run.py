"""An NLU project's training in this process, as a run that Dagster's interface shows like any other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import dagster as dg

from components.core.errors import HelpdeskError
from dagster_project.assets.nlu_model import UNDERSTANDING
from dagster_project.checks.nlu_quality import NLU_QUALITY
from dagster_project.dead_runs import PROCESS_TAG, process_mark
from dagster_project.jobs import console_log
from dagster_project.partitions import NLU_PROJECT
from dagster_project.run import Materialised, first_failure

if TYPE_CHECKING:
    from components.bootstrap import Workbench


def train_project(instance: dg.DagsterInstance, workbench: Workbench, project: str) -> Materialised:
    """project: `customer_service`, or the domain of a tenant with one of its own. Raises HelpdeskError with what
    stopped it; what serves goes on serving then."""
    from dagster_project.definitions import build_definitions
    from dagster_project.resources import Helpdesk

    instance.add_dynamic_partitions(NLU_PROJECT, [project])
    result = (
        build_definitions(workbench.settings)
        .resolve_job_def(UNDERSTANDING)
        .execute_in_process(
            instance=instance,
            partition_key=project,
            run_config=console_log("CRITICAL"),
            raise_on_error=False,
            tags={PROCESS_TAG: process_mark(os.getpid())},
            resources={"helpdesk": Helpdesk(workbench.settings, workbench)},
        )
    )
    if not result.success:
        raise HelpdeskError(f"{project}: {first_failure(result)}")
    (check,) = [each for each in result.get_asset_check_evaluations() if each.check_name == NLU_QUALITY]
    return Materialised(result.run_id, check.passed, check.description or "")
