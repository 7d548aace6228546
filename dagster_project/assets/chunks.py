"""Documents cut into passages."""

import dagster as dg

from dagster_project.assets.documents import documents
from dagster_project.partitions import GROUP, OWNERS, TENANTS
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures


@dg.asset(
    deps=[documents],
    partitions_def=TENANTS,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
    description="Passages, cut at headings and sentences, each short enough for the embedder to read whole.",
)
def chunks(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    tenant = helpdesk.begin(context)
    report = helpdesk.workbench.ingestion.chunk(tenant, helpdesk.progress(context))
    return Figures(
        metadata={
            "documents cut": report.documents,
            "chunks": report.chunks,
            "added": report.added,
            "removed": report.removed,
            "tokens": report.tokens,
            "tokens a chunk": round(report.tokens / report.chunks, 1) if report.chunks else 0.0,
            "seconds": round(report.seconds, 3),
            "preview": dg.MetadataValue.md(report.preview),
        }
    )
