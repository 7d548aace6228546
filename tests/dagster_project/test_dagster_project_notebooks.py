"""Notebooks as Dagster runs them: kept as they were run with the tenant they are of, also where they fail half-way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dagster as dg
import pytest
from dagster_notebooks import job, write_notebooks
from dagster_shop import Shop

from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from dagster_project.partitions import TENANT


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_run_keeps_each_notebook_as_it_was_run_also_the_one_that_fails(
    make_shop: Callable[..., Shop],
    settings: Settings,
    environment: dict[str, str],
    postgres: DatabaseAddresses,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = make_shop()
    write_notebooks(settings.data_dir / "test-notebooks")
    # Of the kernels, which are processes of their own. Dagster takes the first of the paths for a script's and out.
    for name in ("HELPDESK_DATA_DIR", "HELPDESK_DATABASE_URL"):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).parents[2]}:{Path(__file__).parent}")
    instance.add_dynamic_partitions(TENANT, [shop.domain])
    config = {"ops": {"notebooks__good": {"config": {"parameters": {"greeting": "welcome"}}}}}
    result = dg.execute_job(
        dg.reconstructable(job),
        instance,
        run_config=config,
        tags={"dagster/partition": shop.domain},
        raise_on_error=False,
    )
    assert not result.success
    good = _metadata(
        result.events_for_node("notebooks__good"), lambda event: event.step_materialization_data.materialization
    )
    said = Path(good["notebook"]).read_text()
    assert f"ran for {shop.domain} welcome" in said
    assert f"partition {shop.domain}" in said
    place = settings.data_dir / "tenants" / str(shop.tenant.tenant_id) / "notebooks" / "good"
    assert Path(good["notebook"]).parent == Path(good["page"]).parent == place
    failed = _metadata(
        result.events_for_node("notebooks__broken"), lambda event: event.step_failure_data.user_failure_data
    )
    kept = Path(failed["page"]).read_text()
    assert "before the fault" in kept
    assert "never" not in kept.replace("print(", "").replace("'never'", "")
    failure = next(event for event in result.events_for_node("notebooks__broken") if event.is_step_failure)
    assert "KeyError: 'nothing'" in failure.step_failure_data.error_display_string
    # dagstermill writes the whole instance into the notebook that it runs, its database's password included.
    password = urlsplit(postgres.dagster).password or ""
    for path in (good["notebook"], good["page"], failed["notebook"], failed["page"]):
        text = Path(path).read_text()
        assert password not in text
        assert "_reconstitute_job_context" not in text


def _metadata(events: list[Any], of: Callable[[Any], Any]) -> dict[str, str]:
    """The paths in the first event that says any."""
    for event in events:
        if event.is_step_failure or event.is_step_materialization:
            return {name: value.value for name, value in of(event).metadata.items()}
    raise AssertionError([event.event_type_value for event in events])
