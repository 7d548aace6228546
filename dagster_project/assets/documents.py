"""Raw documents as Markdown."""

import dagster as dg

from dagster_project.assets.raw_documents import raw_documents
from dagster_project.partitions import GROUP, OWNERS, TENANTS
from dagster_project.presentation import log_problems, problem_metadata
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures


@dg.asset(
    deps=[raw_documents],
    partitions_def=TENANTS,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"markdown", "postgres"},
    description="Each document as Markdown with its headings. One that cannot be read is reported with its "
    "reason; the others go through.",
)
def documents(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    tenant = helpdesk.begin(context)
    report = helpdesk.workbench.ingestion.parse(tenant, helpdesk.progress(context))
    log_problems(context, report.problems)
    return Figures(
        metadata={
            "parsed": report.parsed,
            "removed": report.removed,
            "unchanged": report.unchanged,
            "seconds": round(report.seconds, 3),
            "preview": dg.MetadataValue.md(report.preview),
            **problem_metadata(report.problems),
        }
    )
