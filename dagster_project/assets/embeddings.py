"""Passages as vectors in the tenant's candidate index."""

import dagster as dg

from dagster_project.assets.chunks import chunks
from dagster_project.partitions import GROUP, OWNERS, TENANTS
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures


@dg.asset(
    deps=[chunks],
    partitions_def=TENANTS,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"lancedb"},
    description="The candidate index: only new passages are embedded, gone ones are deleted. The index that "
    "answers questions stays as it is until served_index.",
)
def embeddings(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    tenant = helpdesk.begin(context)
    workbench = helpdesk.workbench
    report = workbench.ingestion.embed(tenant, helpdesk.progress(context))
    identity = workbench.embedder.identity
    return Figures(
        metadata={
            "embedded": report.embedded,
            "deleted": report.deleted,
            "passages": report.total,
            "index version": report.index_version,
            "seconds": round(report.seconds, 3),
            "passages a second": round(report.passages_per_second, 1),
            "model": identity.name,
            "model fingerprint": identity.fingerprint,
            "dimensions": identity.dimensions,
        }
    )
