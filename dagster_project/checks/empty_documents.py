"""No document of which nothing can be found."""

import dagster as dg

from dagster_project.assets.chunks import chunks
from dagster_project.checks.partitioned import partitioned_check
from dagster_project.checks.showing import shown
from dagster_project.resources import Helpdesk


@partitioned_check(asset=chunks, description="Every document has at least one passage.")
def no_empty_document(
    context: dg.AssetCheckExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> dg.AssetCheckResult:
    return shown(helpdesk.workbench.ingestion.check_documents(helpdesk.tenant(context.partition_key)))
