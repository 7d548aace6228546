"""Topics that customers ask about and the knowledge does not answer."""

import dagster as dg

from dagster_project.assets.served_index import served_index
from dagster_project.partitions import GROUP, OWNERS, TENANTS
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures


@dg.asset(
    deps=[served_index],
    partitions_def=TENANTS,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"postgres", "scikitlearn"},
    description="The unanswered questions of the last 30 days, grouped by what they ask for, each group with examples "
    "without personal data, the nearest documents and the draft of an article.",
)
def knowledge_gaps(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    from components.helpdesk.reports.knowledge.gap_search import look_for_gaps

    tenant = helpdesk.begin(context)
    workbench = helpdesk.workbench
    found = look_for_gaps(
        workbench.database,
        tenant.context,
        workbench.ingestion.index(tenant),
        workbench.embedder,
        writer=workbench.writer,
        on_progress=helpdesk.progress(context),
    )
    return Figures(
        metadata={
            "unanswered questions": found.unanswered,
            "read": found.read,
            "topics": found.gaps,
            "asked once": found.alone,
            "seconds": round(found.seconds, 3),
        }
    )
