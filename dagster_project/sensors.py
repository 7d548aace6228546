"""Runs a tenant's knowledge when one of its sources changes, and keeps the partitions equal to the registry."""

import json
from collections.abc import Collection, Iterator, Sequence
from time import monotonic

import dagster as dg

from components.core.errors import DatabaseUnavailable, HelpdeskError
from components.knowledge.readable_declarations import readable_declarations
from components.knowledge.source_declarations import SourceDeclaration
from dagster_project.fingerprints import FINGERPRINT, tenant_fingerprint
from dagster_project.jobs import KNOWLEDGE, knowledge_job
from dagster_project.partitions import TENANTS
from dagster_project.queue import tenants_waiting
from dagster_project.resources import Helpdesk

SECONDS_A_TICK = 40.0
MOST_RUNS_A_TICK = 50


@dg.sensor(
    job=knowledge_job,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches the checksum of every declared source, and the registry of tenants.",
)
def source_changes(
    context: dg.SensorEvaluationContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> dg.SensorResult | dg.SkipReason:
    """The cursor holds the last fingerprint seen of each tenant, and where a tick that ran out of time goes on."""
    try:
        tenants = {tenant.domain for tenant in helpdesk.tenants()}
    except DatabaseUnavailable as error:
        return dg.SkipReason(error.message)
    declared, problems = readable_declarations(helpdesk.source_folders)
    for problem in problems:
        context.log.warning(problem.error.message)
    cursor = json.loads(context.cursor or "{}")
    seen: dict[str, str] = {tenant: value for tenant, value in cursor.get("seen", {}).items() if tenant in tenants}
    requests: list[dg.RunRequest] = []
    position, deadline = "", monotonic() + SECONDS_A_TICK
    for tenant, sources in _in_turn(
        declared, tenants - tenants_waiting(context.instance, KNOWLEDGE), cursor.get("position", "")
    ):
        if monotonic() > deadline or len(requests) == MOST_RUNS_A_TICK:
            position = tenant
            break
        try:
            fingerprint = tenant_fingerprint(sources)
        except HelpdeskError as error:
            context.log.warning(f"{tenant}: {error.message}")
            continue
        if fingerprint != seen.get(tenant):
            requests += _request(context.instance, tenant, fingerprint)
            seen[tenant] = fingerprint
    return dg.SensorResult(
        run_requests=requests,
        cursor=json.dumps({"position": position, "seen": seen}),
        dynamic_partitions_requests=_partition_changes(context.instance, tenants),
    )


def _in_turn(
    declared: Sequence[SourceDeclaration], eligible: Collection[str], position: str
) -> Iterator[tuple[str, list[SourceDeclaration]]]:
    """Each eligible tenant with its sources, by domain, beginning where the last tick stopped."""
    tenants = sorted({source.tenant for source in declared if source.tenant in eligible})
    for tenant in [*(t for t in tenants if t >= position), *(t for t in tenants if t < position)]:
        yield tenant, [source for source in declared if source.tenant == tenant]


def _request(instance: dg.DagsterInstance, tenant: str, fingerprint: str) -> list[dg.RunRequest]:
    """A run, unless the last one has seen this state already. Its key holds the last one's number: a source
    that returns to an earlier state is a change too, and a tick that is repeated asks for the same run."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey("raw_documents"), asset_partitions=[tenant]), limit=1
    ).records
    last = records[0].asset_materialization if records else None
    if last is not None and last.metadata[FINGERPRINT].value == fingerprint:
        return []
    return [dg.RunRequest(f"{tenant}:{fingerprint}:{records[0].storage_id if records else 0}", partition_key=tenant)]


def _partition_changes(
    instance: dg.DagsterInstance, tenants: set[str]
) -> list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest]:
    present = set(TENANTS.get_partition_keys(dynamic_partitions_store=instance))
    changes: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if tenants - present:
        changes.append(TENANTS.build_add_request(sorted(tenants - present)))
    if present - tenants:
        changes.append(TENANTS.build_delete_request(sorted(present - tenants)))
    return changes
