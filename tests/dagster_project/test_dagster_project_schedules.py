"""Schedules as Dagster's daemon evaluates them, with more than one tenant due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster_shop import Shop

from components.core.settings import Settings
from dagster_project.definitions import build_definitions
from dagster_project.resources import Helpdesk

TICK = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["fresh_facts", "hourly_knowledge", "knowledge_review"])
def test_several_tenants_that_are_due_at_once_get_a_run_each_and_a_tick_told_twice_no_second(
    name: str, make_shop: Callable[..., Shop], instance: dg.DagsterInstance, settings: Settings
) -> None:
    shops = [make_shop(), make_shop()]
    domains = {shop.domain for shop in shops}
    instance.add_dynamic_partitions("tenant", list(domains))
    for domain in domains:
        instance.report_runless_asset_event(dg.AssetMaterialization("served_index", partition=domain))
    helpdesk = Helpdesk(shops[0].workbench.settings, shops[0].workbench)
    repository = build_definitions(settings).get_repository_def()

    def run_keys(at: datetime) -> dict[str | None, str | None]:
        with dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=at,
            resources={"helpdesk": helpdesk},
            repository_def=repository,
            instance_ref=instance.get_ref(),
        ) as context:
            requests = repository.get_schedule_def(name).evaluate_tick(context).run_requests or []
        found = {request.partition_key: request.run_key for request in requests if request.partition_key in domains}
        assert len(set(found.values())) == len(found)
        return found

    first = run_keys(TICK)
    assert first.keys() == domains
    assert run_keys(TICK) == first
    assert set(run_keys(TICK + timedelta(hours=1)).values()).isdisjoint(first.values())
