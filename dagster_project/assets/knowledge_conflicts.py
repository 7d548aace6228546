"""Passages of the index that serves that contradict each other."""

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
    kinds={"postgres"},
    description="Pairs of sentences of different documents that say nearly the same with another number, or yes for a "
    "no. Only passages that are new to the index are held against their nearest ones.",
)
def knowledge_conflicts(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    from components.helpdesk.reports.knowledge.conflict_search import look_for_conflicts

    tenant = helpdesk.begin(context)
    workbench = helpdesk.workbench
    found = look_for_conflicts(
        workbench.database,
        tenant.context,
        workbench.ingestion.index(tenant),
        workbench.embedder,
        on_progress=helpdesk.progress(context),
    )
    if found.left:
        context.log.warning(f"{found.left} passages are left for the next run")
    return Figures(
        metadata={
            "index version": found.index_version,
            "passages compared": found.compared,
            "left for the next run": found.left,
            "conflicts": found.found,
            "new": found.new,
            "seconds": round(found.seconds, 3),
        }
    )
