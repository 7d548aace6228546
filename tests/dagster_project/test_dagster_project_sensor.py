"""A change in a source asks for one run of its tenant; the partitions are the registry's tenants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster_shop import RETURNS, SHIPPING, Shop

from components.core.errors import HelpdeskError
from components.core.settings import Settings
from dagster_project.partitions import TENANTS
from dagster_project.resources import Helpdesk
from dagster_project.schedules import hourly_knowledge
from dagster_project.sensors import source_changes

MakeShop = Callable[..., Shop]
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Watch:
    """The sensor of one instance, tick after tick, with the cursor that the last left."""

    def __init__(self, shop: Shop, instance: dg.DagsterInstance) -> None:
        self.helpdesk = Helpdesk(shop.workbench.settings, shop.workbench)
        self.instance = instance
        self.cursor: str | None = None

    def tick(self, keep_cursor: bool = True) -> dg.SensorResult:
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"helpdesk": self.helpdesk}
        ) as context:
            result = source_changes(context)
        assert isinstance(result, dg.SensorResult)
        for change in result.dynamic_partitions_requests or []:
            if isinstance(change, dg.AddDynamicPartitionsRequest):
                self.instance.add_dynamic_partitions("tenant", list(change.partition_keys))
            else:
                for key in change.partition_keys:
                    self.instance.delete_dynamic_partition("tenant", key)
        if keep_cursor:
            self.cursor = result.cursor
        return result

    def asked(self, shop: Shop) -> list[str]:
        """Run keys that this tick asks for the shop."""
        return [
            request.run_key or "" for request in self.tick().run_requests or [] if request.partition_key == shop.domain
        ]


@pytest.fixture
def watched(make_shop: MakeShop, instance: dg.DagsterInstance) -> tuple[Shop, Watch]:
    shop = make_shop(returns=RETURNS)
    return shop, Watch(shop, instance)


def test_the_sensor_asks_once_a_change(watched: tuple[Shop, Watch]) -> None:
    shop, watch = watched
    assert len(watch.asked(shop)) == 1
    assert watch.asked(shop) == []
    shop.write("shipping.md", SHIPPING)
    assert len(watch.asked(shop)) == 1
    assert watch.asked(shop) == []


def test_a_tick_that_is_repeated_asks_for_the_same_run(watched: tuple[Shop, Watch]) -> None:
    _shop, watch = watched
    first, again = (watch.tick(keep_cursor=False).run_requests or [] for _ in range(2))
    assert {request.run_key for request in first} == {request.run_key for request in again} != set()


def test_a_state_that_a_run_has_seen_asks_for_none(watched: tuple[Shop, Watch]) -> None:
    shop, watch = watched
    shop.materialise()
    assert watch.asked(shop) == []


def test_a_source_that_returns_to_an_earlier_state_is_a_change_too(watched: tuple[Shop, Watch]) -> None:
    shop, watch = watched
    first = watch.asked(shop)
    shop.materialise()
    shop.write("shipping.md", SHIPPING)
    second = watch.asked(shop)
    shop.materialise()
    (shop.knowledge / "shipping.md").unlink()
    third = watch.asked(shop)
    assert len({*first, *second, *third}) == 3


def test_a_broken_source_does_not_stop_the_others(make_shop: MakeShop, instance: dg.DagsterInstance) -> None:
    broken, misdeclared, good = (make_shop(returns=RETURNS) for _ in range(3))
    broken.knowledge.rename(broken.folder / "gone")
    misdeclared.declaration.write_text("type: dagster_project.sources.FolderSourceComponent\nattributes: {tenant: x}\n")
    watch = Watch(good, instance)
    asked = {request.partition_key for request in watch.tick().run_requests or []}
    assert good.domain in asked
    assert not asked & {broken.domain, misdeclared.domain}
    (broken.folder / "gone").rename(broken.knowledge)
    assert len(watch.asked(broken)) == 1


def test_a_tenant_with_a_waiting_run_is_asked_for_after_it(watched: tuple[Shop, Watch]) -> None:
    shop, watch = watched
    run = dg.DagsterRun(
        job_name="knowledge", status=dg.DagsterRunStatus.NOT_STARTED, tags={"dagster/partition": shop.domain}
    )
    watch.instance.add_run(run)
    assert watch.asked(shop) == []
    watch.instance.delete_run(run.run_id)
    assert len(watch.asked(shop)) == 1


def test_the_partitions_are_the_registrys_tenants(watched: tuple[Shop, Watch]) -> None:
    shop, watch = watched
    watch.instance.add_dynamic_partitions("tenant", ["moved-away.example"])
    watch.tick()
    keys = set(TENANTS.get_partition_keys(dynamic_partitions_store=watch.instance))
    assert keys == {tenant.domain for tenant in shop.workbench.tenants.list()}
    assert shop.domain in keys


def test_the_registry_is_read_without_loading_a_model(settings: Settings, watched: tuple[Shop, Watch]) -> None:
    helpdesk = Helpdesk(settings.model_copy(update={"embedder": "/no/such/model"}))
    try:
        assert watched[0].domain in {tenant.domain for tenant in helpdesk.tenants()}
        with pytest.raises(HelpdeskError, match="/no/such/model"):
            _ = helpdesk.workbench
    finally:
        helpdesk.close()


def test_every_hour_every_tenant_with_a_source_runs_once(watched: tuple[Shop, Watch], make_shop: MakeShop) -> None:
    shop, watch = watched
    without = make_shop()
    without.declaration.unlink()
    watch.tick()

    def due() -> set[str | None]:
        with dg.build_schedule_context(watch.instance, NOW, {"helpdesk": watch.helpdesk}) as context:
            requests = hourly_knowledge(context)
        return {request.partition_key for request in requests} if isinstance(requests, list) else set()

    assert shop.domain in due()
    assert without.domain not in due()
    run = dg.DagsterRun(
        job_name="knowledge", status=dg.DagsterRunStatus.NOT_STARTED, tags={"dagster/partition": shop.domain}
    )
    watch.instance.add_run(run)
    assert shop.domain not in due()
    watch.instance.delete_run(run.run_id)
