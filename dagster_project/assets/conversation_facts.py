"""What dashboards and notebooks count from: facts of a tenant's conversations, as Parquet files."""

from datetime import UTC, datetime

import dagster as dg

from dagster_project.jobs import ANALYTICS
from dagster_project.partitions import OWNERS, TENANTS
from dagster_project.resources import Helpdesk
from dagster_project.result import Figures


@dg.asset(
    partitions_def=TENANTS,
    group_name=ANALYTICS,
    owners=OWNERS,
    kinds={"postgres", "parquet"},
    description="Conversations, messages, answers, citations, handovers, model calls and tickets, one row each, by "
    "month. Only months in which something has changed are told anew; what came late or was corrected is among them.",
)
def conversation_facts(context: dg.AssetExecutionContext, helpdesk: dg.ResourceParam[Helpdesk]) -> Figures:
    from components.helpdesk.reports.refreshing import FactRefresh
    from components.warehouse.warehouse import Warehouse

    with helpdesk.registry() as (tenants, database):
        tenant = tenants.get_by_domain(context.partition_key)
        warehouse = Warehouse(helpdesk.settings.data_dir)
        before = warehouse.manifest(tenant.context).refreshed_at
        report = FactRefresh(database, warehouse).refresh(tenant, on_progress=helpdesk.progress(context))
    age = {} if before is None else {"age before (seconds)": round((datetime.now(UTC) - before).total_seconds(), 1)}
    return Figures(
        metadata={
            **{f"rows of {dataset}": rows for dataset, rows in report.total_rows.items()},
            "rows told anew": sum(report.rows.values()),
            "months told anew": report.month_count,
            "everything was told anew": report.reason or "no",
            "up to date as of": dg.MetadataValue.timestamp(report.refreshed_at),
            "seconds": round(report.seconds, 3),
            **age,
        }
    )
