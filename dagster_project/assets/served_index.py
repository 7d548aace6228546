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
    # Materialised alone, this asset has no check in its run: what was measured is what is promoted.
    version = _accepted_version(context)
    if version is None:
        raise Conflict(
            f"the last evaluation of {tenant.domain}'s index found it worse than what serves, or there is none: "
            "materialise retrieval_evaluation too"
        )
    report = ingestion.promote(tenant, version)
    documents, chunks = ingestion.counts(tenant)
    previous = {} if report.previous is None else {"previous version": report.previous}
    return Figures(metadata={INDEX_VERSION: report.index_version, **previous, "documents": documents, "chunks": chunks})


def _accepted_version(context: dg.AssetExecutionContext) -> int | None:
    """The version that the tenant's last evaluation found acceptable; None where it found none so."""
    records = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=retrieval_evaluation.key, asset_partitions=[context.partition_key]), limit=1
    ).records
    last = records[0].asset_materialization if records else None
    if last is None or not last.metadata[ACCEPTABLE].value:
        return None
    version = last.metadata[INDEX_VERSION].value
    return version if isinstance(version, int) else None
