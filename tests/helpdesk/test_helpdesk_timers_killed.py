"""A process killed anywhere in a timer does nothing twice, and what it left is done by the next one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from handover_world import HandoverWorld
from helpdesk_timers_process import Sweep, killed
from passing_time import let_pass

from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.helpdesk.conversations.ownership import read_changes
from components.helpdesk.wording import say

# Of the steps of an action, those before its transaction has ended.
BEFORE = ("after_ticket", "before_commit")


@pytest.fixture
def world(database: Database, make_tenant: Callable[..., Tenant]) -> HandoverWorld:
    return HandoverWorld(database, make_tenant())


@pytest.fixture
def sweep_killed(world: HandoverWorld, postgres: DatabaseAddresses) -> Callable[..., None]:
    """`sweep_killed("after_ticket", minutes=11)`: time passes, and a process sweeps until it is there."""
    assert postgres.server is not None
    url = postgres.server.url

    def sweep(at: str, **time: float) -> None:
        let_pass(url, world.context, **time)
        killed(Sweep((postgres.app, postgres.operator), world.tenant, at))

    return sweep


@pytest.mark.parametrize("at", [*BEFORE, "after_commit"])
def test_one_apology_one_ticket_and_one_mail(world: HandoverWorld, sweep_killed: Callable[..., None], at: str) -> None:
    conversation_id = world.waiting(world.opened(email="ada@example.com"))
    sweep_killed(at, minutes=11)
    assert len(world.told(conversation_id)) == (0 if at in BEFORE else 1)
    assert world.timers().sweep(world.tenant).apologised == (1 if at in BEFORE else 0)
    assert world.told(conversation_id) == [say("nobody_free", "en", ticket="1")]
    assert (len(world.tickets()), len(world.mails())) == (1, 1)


@pytest.mark.parametrize("at", [*BEFORE, "after_commit"])
def test_one_way_back_into_the_queue(world: HandoverWorld, sweep_killed: Callable[..., None], at: str) -> None:
    conversation_id = world.waiting()
    world.desk.claim(world.context, world.agent("Anna"), conversation_id)
    sweep_killed(at, minutes=11)
    assert world.timers().sweep(world.tenant).silenced == (1 if at in BEFORE else 0)
    with world.database.tenant(world.context) as session:
        changes = read_changes(session.connection(), world.context, conversation_id)
    assert [each.kind for each in changes] == ["request", "claim", "silence"]
    assert len(world.told(conversation_id)) == 2


@pytest.mark.parametrize("at", ["before_commit", "after_commit"])
def test_one_end(world: HandoverWorld, sweep_killed: Callable[..., None], at: str) -> None:
    conversation_id = world.opened()
    world.turn(conversation_id, "Forty-five days.")
    sweep_killed(at, hours=25)
    assert world.timers().sweep(world.tenant).ended == (1 if at in BEFORE else 0)
    with world.database.tenant(world.context) as session:
        changes = read_changes(session.connection(), world.context, conversation_id)
    assert [each.kind for each in changes] == ["expire"]
    assert world.outcomes.get(world.context, conversation_id).result == "contained"
