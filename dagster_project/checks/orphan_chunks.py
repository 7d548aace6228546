"""No passage outlives its document."""

import dagster as dg

from dagster_project.assets.embeddings import embeddings
from dagster_project.checks.partitioned import partitioned_check
from dagster_project.checks.showing import shown
from dagster_project.resources import Helpdesk


@partitioned_check(
    asset=embeddings, blocking=True, description="Every passage of the candidate index belongs to a document."
)
def no_orphan_chunk(
    context: dg.AssetCheckExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> dg.AssetCheckResult:
    return shown(helpdesk.workbench.ingestion.check_passages(helpdesk.tenant(context.partition_key)))
