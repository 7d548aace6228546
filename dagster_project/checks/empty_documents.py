"""No document of which nothing can be found."""

import dagster as dg

from dagster_project.assets.chunks import chunks
from dagster_project.checks.partitioned import partitioned_check
from dagster_project.resources import Helpdesk

MOST_NAMED = 50


@partitioned_check(asset=chunks, description="Every document has at least one passage.")
def no_empty_document(
    context: dg.AssetCheckExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> dg.AssetCheckResult:
    empty = helpdesk.workbench.ingestion.empty_documents(helpdesk.tenant(context.partition_key))
    return dg.AssetCheckResult(
        passed=not empty,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{len(empty)} documents without a passage",
        metadata={"empty": len(empty), "documents": dg.MetadataValue.json(empty[:MOST_NAMED])},
    )
