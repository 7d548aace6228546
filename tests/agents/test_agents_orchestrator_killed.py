"""A process that is killed (SIGKILL) at any step of a refund: the next one ends it, and every tool has acted once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from tests.agents.orchestrator_process import Job, killed
from tests.agents.orchestrator_world import SHOP, World


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "not stored"])
@pytest.mark.parametrize("at", range(3))
def test_a_process_killed_at_any_step_of_a_refund_refunds_once(
    database: Database, postgres: DatabaseAddresses, make_tenant: Callable[..., Tenant], at: int, stored: bool
) -> None:
    world = World(database, make_tenant(config=SHOP), None)
    world.add_order()
    killed(Job((postgres.app, postgres.operator), world.tenant, at, stored))
    run = world.newest()
    assert run.status == "running"
    world.due()
    assert world.go_on()
    ended, steps = world.look(run)
    assert (ended.status, [step.name for step in steps]) == ("done", ["way", "order", "refund"])
    assert world.refunded() == 80
    assert len(world.registry.invocations(world.tenant)) == 2
