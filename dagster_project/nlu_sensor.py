"""Trains an NLU project when its files change, and keeps the partitions equal to the projects there are."""

import dagster as dg

from components.core.errors import DatabaseUnavailable, InvalidNluData
from dagster_project.assets.nlu_model import UNDERSTANDING
from dagster_project.jobs import console_log
from dagster_project.partitions import NLU_PROJECTS
from dagster_project.resources import Helpdesk

understanding_job = dg.define_asset_job(
    UNDERSTANDING,
    selection=["nlu_model"],
    config=console_log("ERROR"),
    description="Trains and compares the engines that understand customers; nothing where the project is unchanged.",
)


@dg.sensor(
    job=understanding_job,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Watches the files of every NLU project, and which tenants have one of their own.",
)
def nlu_project_changes(
    context: dg.SensorEvaluationContext, helpdesk: dg.ResourceParam[Helpdesk]
) -> dg.SensorResult | dg.SkipReason:
    from components.helpdesk.understanding.projects import label_of, projects_of

    try:
        tenants = helpdesk.tenants()
    except DatabaseUnavailable as error:
        return dg.SkipReason(error.message)
    versions: dict[str, str] = {}
    for project, users in projects_of(helpdesk.settings.data_dir, tenants):
        try:
            versions[label_of(project, users)] = project.version()
        except InvalidNluData as error:
            context.log.warning(error.message)
    present = set(NLU_PROJECTS.get_partition_keys(dynamic_partitions_store=context.instance))
    changes: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if added := sorted(set(versions) - present):
        changes.append(NLU_PROJECTS.build_add_request(added))
    if removed := sorted(present - set(versions)):
        changes.append(NLU_PROJECTS.build_delete_request(removed))
    requests = [
        dg.RunRequest(f"{label}:{version}:{number}", partition_key=label)
        for label, version in versions.items()
        for trained, number in [_last(context.instance, label)]
        if trained != version
    ]
    return dg.SensorResult(run_requests=requests, dynamic_partitions_requests=changes)


def _last(instance: dg.DagsterInstance, label: str) -> tuple[str | None, int]:
    """The version that was trained last, and the number of that training: files that return to an earlier state are a
    change too, and a tick that is repeated asks for the same run."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey("nlu_model"), asset_partitions=[label]), limit=1
    ).records
    last = records[0].asset_materialization if records else None
    if last is None:
        return None, 0
    return str(last.metadata["version"].value), records[0].storage_id
