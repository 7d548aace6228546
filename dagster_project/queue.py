"""Which tenants have a run on its way already, so that the queue never grows past one a tenant and job."""

from __future__ import annotations

import dagster as dg

PARTITION_TAG = "dagster/partition"
_WAITING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
_MOST = 10_000


def tenants_waiting(instance: dg.DagsterInstance, job: str) -> set[str]:
    """Domains of the tenants with a run of the job that has not begun; it will see every change made until then."""
    records = instance.get_run_records(dg.RunsFilter(job_name=job, statuses=_WAITING), limit=_MOST)
    return {record.dagster_run.tags[PARTITION_TAG] for record in records if PARTITION_TAG in record.dagster_run.tags}
