"""By the clock, for every tenant: knowledge is brought up to date and looked through, and facts are told."""

from collections.abc import Sequence

import dagster as dg

from components.knowledge.readable_declarations import readable_declarations
from dagster_project.jobs import ANALYTICS, KNOWLEDGE, REVIEW, analytics_job, knowledge_job, knowledge_review_job
from dagster_project.partitions import TENANTS
from dagster_project.queue import tenants_waiting
from dagster_project.resources import Helpdesk


@dg.schedule(
    job=knowledge_job,
    cron_schedule="0 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="A run an hour for each tenant with a source; none for one whose last run still waits.",
)
def hourly_knowledge(
    context: dg.ScheduleEvaluationContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> list[dg.RunRequest] | dg.SkipReason:
    declared, problems = readable_declarations(helpdesk.source_folders)
    for problem in problems:
        context.log.warning(problem.error.message)
    known = set(TENANTS.get_partition_keys(dynamic_partitions_store=context.instance))
    waiting = tenants_waiting(context.instance, KNOWLEDGE)
    due = sorted({source.tenant for source in declared} & known - waiting)
    if not due:
        return dg.SkipReason("no tenant with a source is without a waiting run")
    return _one_each(context, due)


@dg.schedule(
    job=analytics_job,
    cron_schedule="*/10 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every ten minutes a run for each tenant of whom there is something new to tell.",
)
def fresh_facts(
    context: dg.ScheduleEvaluationContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> list[dg.RunRequest] | dg.SkipReason:
    from components.helpdesk.reports.refreshing import FactRefresh
    from components.warehouse.warehouse import Warehouse

    waiting = tenants_waiting(context.instance, ANALYTICS)
    with helpdesk.registry() as (tenants, database):
        refresh = FactRefresh(database, Warehouse(helpdesk.settings.data_dir))
        due = [tenant.domain for tenant in tenants.list() if tenant.domain not in waiting and refresh.is_due(tenant)]
    known = set(TENANTS.get_partition_keys(dynamic_partitions_store=context.instance))
    return _one_each(context, [tenant for tenant in due if tenant in known]) or dg.SkipReason(
        "nothing has happened that is not told yet"
    )


@dg.schedule(
    job=knowledge_review_job,
    cron_schedule="20 */6 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every six hours for each tenant whose index serves: contradictions and gaps.",
)
def knowledge_review(
    context: dg.ScheduleEvaluationContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> list[dg.RunRequest] | dg.SkipReason:
    present = set(TENANTS.get_partition_keys(dynamic_partitions_store=context.instance))
    served = context.instance.get_materialized_partitions(dg.AssetKey("served_index"))
    due = sorted(present & served - tenants_waiting(context.instance, REVIEW))
    if not due:
        return dg.SkipReason("no tenant's index serves yet, or the last run of each still waits")
    return _one_each(context, due)


def _one_each(context: dg.ScheduleEvaluationContext, tenants: Sequence[str]) -> list[dg.RunRequest]:
    """A tick that is told twice begins no second run."""
    tick = context.scheduled_execution_time.isoformat()
    return [dg.RunRequest(f"{tenant}:{tick}", partition_key=tenant) for tenant in tenants]
