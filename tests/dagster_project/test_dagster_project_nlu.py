"""An NLU model is an asset: trained when its project changes, with its figures, and promoted where it is no worse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest

from components.bootstrap import Workbench
from components.core.errors import HelpdeskError
from components.core.settings import Settings
from components.core.tenant import Tenant
from components.helpdesk.understanding.project_import import import_project
from components.helpdesk.understanding.projects import SHARED, project_of
from components.helpdesk.understanding.serving import read_serving
from dagster_project.nlu_run import train_project
from dagster_project.nlu_sensor import nlu_project_changes
from dagster_project.partitions import NLU_PROJECT
from dagster_project.resources import Helpdesk
from tests.helpdesk.nlu_project import EXAMPLES as ALL
from tests.helpdesk.nlu_project import write_project

# Enough to tell good from scrambled; a training takes a third of the time with them.
EXAMPLES = {intent: texts[:4] for intent, texts in ALL.items()}

Write = Callable[[dict[str, tuple[str, ...]]], None]


@pytest.fixture
def tenant(workbench: Workbench, instance: dg.DagsterInstance) -> Iterator[Tenant]:
    tenant = workbench.tenants.create("Shop", f"nlu-{uuid4().hex[:12]}.example")
    yield tenant
    workbench.tenants.delete(tenant.tenant_id)
    instance.delete_dynamic_partition(NLU_PROJECT, tenant.domain)


@pytest.fixture
def write(tenant: Tenant, settings: Settings, tmp_path: Path) -> Write:
    def written(examples: dict[str, tuple[str, ...]]) -> None:
        import_project(write_project(tmp_path / "source", examples), settings.data_dir, tenant.context)

    written(EXAMPLES)
    return written


def figures_of(instance: dg.DagsterInstance, project: str) -> dict[str, Any]:
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey("nlu_model"), asset_partitions=[project]), limit=1
    ).records
    event = records[0].asset_materialization
    assert event is not None
    return {name: value.value for name, value in event.metadata.items()} | dict(event.tags or {})


@pytest.mark.usefixtures("write")
def test_a_training_shows_its_figures_and_its_version(
    instance: dg.DagsterInstance, workbench: Workbench, tenant: Tenant, settings: Settings
) -> None:
    done = train_project(instance, workbench, tenant.domain)
    assert done.promoted
    shown = figures_of(instance, tenant.domain)
    version = project_of(settings.data_dir, tenant.context).version()
    assert (shown["version"], shown["leader"], shown["promoted"]) == (version, "local", True)
    assert shown["dagster/data_version"] == version
    assert 0 <= shown["local: macro-F1"] <= 1
    assert "| refund | 4 |" in shown["local: intents"]
    assert shown["local: seconds of one training"] >= 0
    assert shown["trained now"] == "local"
    train_project(instance, workbench, tenant.domain)
    assert "has not changed" in figures_of(instance, tenant.domain)["trained now"]


def test_a_worse_version_is_a_failed_check_and_not_promoted(
    instance: dg.DagsterInstance, workbench: Workbench, tenant: Tenant, settings: Settings, write: Write
) -> None:
    train_project(instance, workbench, tenant.domain)
    models = project_of(settings.data_dir, tenant.context).models
    before = read_serving(models)
    texts = [text for each in EXAMPLES.values() for text in each]
    write({intent: tuple(texts[place :: len(EXAMPLES)]) for place, intent in enumerate(EXAMPLES)})
    done = train_project(instance, workbench, tenant.domain)
    assert not done.promoted
    assert "macro-F1" in done.reason
    assert read_serving(models) == before
    check = dg.AssetCheckKey(dg.AssetKey("nlu_model"), "nlu_quality")
    (record,) = instance.event_log_storage.get_asset_check_execution_history(check, limit=1)
    assert record.event is not None
    assert record.event.dagster_event is not None
    evaluation = record.event.dagster_event.asset_check_evaluation_data
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert not figures_of(instance, tenant.domain)["promoted"]


def test_the_sensor_asks_for_a_project_once_until_its_files_change(
    instance: dg.DagsterInstance, workbench: Workbench, tenant: Tenant, settings: Settings, write: Write
) -> None:
    def asked() -> dict[str | None, str | None]:
        context = dg.build_sensor_context(instance=instance, resources={"helpdesk": Helpdesk(settings, workbench)})
        result = nlu_project_changes(context)
        assert isinstance(result, dg.SensorResult)
        for request in result.dynamic_partitions_requests or ():
            if isinstance(request, dg.AddDynamicPartitionsRequest):
                instance.add_dynamic_partitions(NLU_PROJECT, list(request.partition_keys))
        return {request.partition_key: request.run_key for request in result.run_requests or ()}

    first = asked()
    assert {SHARED, tenant.domain} <= set(first)
    assert {SHARED, tenant.domain} <= set(instance.get_dynamic_partitions(NLU_PROJECT))
    assert asked() == first
    train_project(instance, workbench, tenant.domain)
    assert tenant.domain not in asked()
    write({**EXAMPLES, "goodbye": ("bye", "see you later", "goodbye")})
    again = asked()[tenant.domain]
    assert again is not None
    assert again not in first.values()


def test_a_project_that_cannot_be_trained_on_says_why(
    instance: dg.DagsterInstance, workbench: Workbench, tenant: Tenant, settings: Settings, write: Write
) -> None:
    (project_of(settings.data_dir, tenant.context).folder / "nlu.yml").write_text("nlu: [")
    with pytest.raises(HelpdeskError, match=r"nlu_model failed: .*nlu\.yml"):
        train_project(instance, workbench, tenant.domain)


@pytest.mark.usefixtures("write")
def test_the_command_trains_as_a_run_in_a_process_of_its_own(tenant: Tenant, environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dagster_project", "train", tenant.domain],
        capture_output=True,
        text=True,
        timeout=240,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "local leads with macro-F1" in done.stdout


def test_an_unknown_project_is_refused_by_name(instance: dg.DagsterInstance, workbench: Workbench) -> None:
    with pytest.raises(HelpdeskError, match=r"no NLU project is called 'nowhere\.example'"):
        train_project(instance, workbench, "nowhere.example")
    instance.delete_dynamic_partition(NLU_PROJECT, "nowhere.example")
