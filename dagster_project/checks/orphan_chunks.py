"""No passage outlives its document."""

import dagster as dg

from dagster_project.assets.embeddings import embeddings
from dagster_project.checks.partitioned import partitioned_check
from dagster_project.resources import Helpdesk


@partitioned_check(
    asset=embeddings, blocking=True, description="Every passage of the candidate index belongs to a document."
)
def no_orphan_chunk(
    context: dg.AssetCheckExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> dg.AssetCheckResult:
    orphans = helpdesk.workbench.ingestion.orphan_chunks(helpdesk.tenant(context.partition_key))
    return dg.AssetCheckResult(
        passed=orphans == 0, description=f"{orphans} passages without a document", metadata={"orphans": orphans}
    )
