"""The index that answers customers."""

from collections.abc import Mapping

import dagster as dg

from components.core.errors import Conflict
from dagster_project.assets.answer_evaluation import answer_evaluation
from dagster_project.assets.retrieval_evaluation import ACCEPTABLE, INDEX_VERSION, retrieval_evaluation
from dagster_project.partitions import GROUP, OWNERS, TENANTS
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures


@dg.asset(
    deps=[retrieval_evaluation, answer_evaluation],
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
            "materialise retrieval_evaluation and answer_evaluation too"
        )
    report = ingestion.promote(tenant, version)
    documents, chunks = ingestion.counts(tenant)
    previous = {} if report.previous is None else {"previous version": report.previous}
    return Figures(metadata={INDEX_VERSION: report.index_version, **previous, "documents": documents, "chunks": chunks})


def _accepted_version(context: dg.AssetExecutionContext) -> int | None:
    """The version that the tenant's last evaluations found acceptable; None where one of them found it worse, or they
    are of two versions."""
    retrieval, answers = _last(context, retrieval_evaluation.key), _last(context, answer_evaluation.key)
    if not (retrieval.get(ACCEPTABLE) and answers.get(ACCEPTABLE)):
        return None
    version = retrieval[INDEX_VERSION]
    same = answers.get(INDEX_VERSION, version) == version
    return version if isinstance(version, int) and same else None


def _last(context: dg.AssetExecutionContext, key: dg.AssetKey) -> Mapping[str, object]:
    """Metadata of the last materialisation in this tenant's partition; empty where there is none."""
    records = context.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, asset_partitions=[context.partition_key]), limit=1
    ).records
    last = records[0].asset_materialization if records else None
    return {} if last is None else {name: value.value for name, value in last.metadata.items()}
