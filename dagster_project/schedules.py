"""When knowledge is brought up to date, also where a change escaped the sensor, and when it is looked through."""

import dagster as dg

from components.knowledge.readable_declarations import readable_declarations
from dagster_project.jobs import knowledge_job, knowledge_review_job
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
    waiting = tenants_waiting(context.instance)
    due = sorted({source.tenant for source in declared} & known - waiting)
    if not due:
        return dg.SkipReason("no tenant with a source is without a waiting run")
    return [dg.RunRequest(partition_key=tenant) for tenant in due]


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
    due = sorted(present & served - tenants_waiting(context.instance))
    if not due:
        return dg.SkipReason("no tenant's index serves yet, or the last run of each still waits")
    return [dg.RunRequest(partition_key=tenant) for tenant in due]
