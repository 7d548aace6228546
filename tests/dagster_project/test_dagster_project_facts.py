"""Facts of conversations as an asset: told when something has happened, a run a tenant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from dagster_shop import Shop

from components.warehouse.warehouse import Warehouse
from dagster_project.assets.conversation_facts import conversation_facts
from dagster_project.partitions import TENANTS
from dagster_project.resources import Helpdesk
from dagster_project.schedules import fresh_facts

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_the_facts_of_tenants_with_news_are_told(make_shop: Callable[..., Shop], instance: dg.DagsterInstance) -> None:
    shop = make_shop()
    helpdesk = Helpdesk(shop.workbench.settings, shop.workbench)
    instance.add_dynamic_partitions("tenant", [shop.domain])
    assert TENANTS.has_partition_key(shop.domain, dynamic_partitions_store=instance)

    def due() -> set[str | None]:
        with dg.build_schedule_context(instance, NOW, {"helpdesk": helpdesk}) as context:
            requests = fresh_facts(context)
        return {request.partition_key for request in requests} if isinstance(requests, list) else set()

    def refresh() -> dict[str, Any]:
        done = dg.materialize(
            [conversation_facts], instance=instance, partition_key=shop.domain, resources={"helpdesk": helpdesk}
        )
        assert done.success
        return shop.figures("conversation_facts")

    assert shop.domain in due()
    assert refresh()["everything was told anew"] == "there were none yet, or of another format"
    assert shop.domain not in due()

    shop.workbench.turns.open(shop.tenant)
    assert shop.domain in due()
    run = dg.DagsterRun(
        job_name="analytics", status=dg.DagsterRunStatus.NOT_STARTED, tags={"dagster/partition": shop.domain}
    )
    instance.add_run(run)
    assert shop.domain not in due()
    instance.delete_run(run.run_id)
    figures = refresh()
    assert (figures["rows of conversations"], figures["everything was told anew"]) == (1, "no")
    assert figures["rows of messages"] == figures["rows told anew"] - 1
    assert Warehouse(helpdesk.settings.data_dir).manifest(shop.tenant.context).rows("conversations") == 1
