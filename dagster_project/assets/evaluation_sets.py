"""Questions with known answers, with which the tenant's index is measured."""

import dagster as dg

from components.knowledge.readable_declarations import declarations_of
from dagster_project.partitions import GROUP, OWNERS, TENANTS
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures


@dg.asset(
    partitions_def=TENANTS,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres"},
    description="Questions as customers ask them, with the documents that answer them, in BEIR's layout. "
    "Declared as `evaluation` of a source.",
)
def evaluation_sets(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    tenant = helpdesk.begin(context)
    declared = declarations_of(helpdesk.source_folders, tenant.domain)
    folders = dict.fromkeys(source.evaluation for source in declared if source.evaluation is not None)
    reports = [helpdesk.workbench.ingestion.load_evaluation_set(tenant, folder) for folder in folders]
    if not reports:
        context.log.warning(f"{tenant.domain} has no evaluation set: its retrieval is not measured")
    return Figures(
        metadata={
            "sets": ", ".join(f"{report.name} {report.version}" for report in reports) or "none",
            "questions": sum(report.queries for report in reports),
            "answerable": sum(report.answerable for report in reports),
            "unanswerable": sum(report.unanswerable for report in reports),
        }
    )
