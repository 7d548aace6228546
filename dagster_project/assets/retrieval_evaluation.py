"""How well the candidate index answers, beside the one that serves."""

import dagster as dg

from dagster_project.assets.embeddings import embeddings
from dagster_project.assets.evaluation_sets import evaluation_sets
from dagster_project.checks.retrieval_quality import quality_result, retrieval_quality
from dagster_project.partitions import GROUP, OWNERS, TENANTS
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures

INDEX_VERSION = "index version"
ACCEPTABLE = "acceptable"


@dg.asset(
    deps=[embeddings, evaluation_sets],
    check_specs=[retrieval_quality()],
    partitions_def=TENANTS,
    group_name=GROUP,
    owners=OWNERS,
    description="The candidate measured on the tenant's own questions, and the threshold learnt below which "
    "the helpdesk says that it does not know.",
)
def retrieval_evaluation(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    tenant = helpdesk.begin(context)
    progress = helpdesk.progress(context)
    report = helpdesk.workbench.ingestion.evaluate(tenant, progress)
    quality = quality_result(report)
    if report.missing:
        context.log.warning(report.reason)
    learnt = {"coverage": report.coverage, "error": report.error}
    return Figures(
        metadata={
            **quality.metadata,
            "evaluation set": f"{report.set_name} {report.set_version}" if report.set_name else "none",
            "threshold": round(report.threshold, 4),
            **{name: round(value, 4) for name, value in learnt.items() if value is not None},
            "missing documents": len(report.missing),
            ACCEPTABLE: report.acceptable,
            "reason": report.reason,
        },
        check_results=[quality],
    )
