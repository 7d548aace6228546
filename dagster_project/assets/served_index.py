"""The index that answers customers."""

import dagster as dg

from components.core.errors import Conflict
from dagster_project.assets.retrieval_evaluation import ACCEPTABLE, INDEX_VERSION, retrieval_evaluation
from dagster_project.partitions import GROUP, OWNERS, TENANTS
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures


@dg.asset(
    deps=[retrieval_evaluation],
    partitions_def=TENANTS,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"lancedb"},
    description="The candidate that passed serves from the next question on. One that failed its checks "
    "never gets here, and the last good index goes on serving.",
)
def served_index(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    tenant = helpdesk.begin(context)
    ingestion = helpdesk.workbench.ingestion
    candidate = ingestion.index(tenant).version
    # Materialised alone, this asset has no check in its run: what was measured must be what is promoted.
    if candidate not in _accepted(context):
        raise Conflict(
            f"version {candidate} of {tenant.domain}'s index has not passed its evaluation: "
            "materialise retrieval_evaluation too"
        )
    report = ingestion.promote(tenant)
    documents, chunks = ingestion.counts(tenant)
    previous = {} if report.previous is None else {"previous version": report.previous}
    return Figures(metadata={INDEX_VERSION: report.index_version, **previous, "documents": documents, "chunks": chunks})


def _accepted(context: dg.AssetExecutionContext) -> set[object]:
    """The version that the tenant's last evaluation found acceptable; empty where it found none so."""
    event = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=retrieval_evaluation.key, asset_partitions=[context.partition_key]), limit=1
    )
    found = [record.asset_materialization for record in event.records]
    return {last.metadata[INDEX_VERSION].value for last in found if last and last.metadata[ACCEPTABLE].value}
