"""Vectors of two models never meet."""

import dagster as dg

from components.core.errors import ModelMismatch
from dagster_project.assets.embeddings import embeddings
from dagster_project.checks.partitioned import partitioned_check
from dagster_project.resources import Helpdesk


@partitioned_check(
    asset=embeddings, blocking=True, description="The index's vectors are of the model that reads the questions."
)
def dimensions_match(
    context: dg.AssetCheckExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> dg.AssetCheckResult:
    workbench = helpdesk.workbench
    try:
        index = workbench.ingestion.index(helpdesk.tenant(context.partition_key))
    except ModelMismatch as error:
        return dg.AssetCheckResult(passed=False, description=error.message)
    candidate = index.latest()
    without = candidate.count("vector IS NULL")
    identity = workbench.embedder.identity
    return dg.AssetCheckResult(
        passed=without == 0,
        description=f"{candidate.count()} passages of {identity.dimensions} dimensions, {without} without a vector",
        metadata={"dimensions": identity.dimensions, "model": identity.name, "without a vector": without},
    )
