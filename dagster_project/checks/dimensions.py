"""Vectors of two models never meet."""

import dagster as dg

from dagster_project.assets.embeddings import embeddings
from dagster_project.checks.partitioned import partitioned_check
from dagster_project.checks.showing import shown
from dagster_project.resources import Helpdesk


@partitioned_check(
    asset=embeddings, blocking=True, description="The index's vectors are of the model that reads the questions."
)
def dimensions_match(
    context: dg.AssetCheckExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> dg.AssetCheckResult:
    return shown(helpdesk.workbench.ingestion.check_dimensions(helpdesk.tenant(context.partition_key)))
