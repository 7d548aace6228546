"""Nobody waits for ever: what the clock does with conversations, each thing once, and nothing said that is not so."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
from handover_world import HandoverWorld
from passing_time import let_pass
from sqlalchemy import update

from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.database.tables import ConversationRow
from components.helpdesk.conversations.finishing import finish_turn
from components.helpdesk.conversations.turn_records import NewMessage, TurnResult
from components.helpdesk.handover.timers import Swept
from components.helpdesk.wording import say

NEVER_OPEN: dict[str, Any] = {"hours": {}}


@pytest.fixture
def make_world(database: Database, make_tenant: Callable[..., Tenant]) -> Callable[..., HandoverWorld]:
    def make(**handover: Any) -> HandoverWorld:
        return HandoverWorld(database, make_tenant(config={"handover": handover}))

    return make


@pytest.fixture
def world(make_world: Callable[..., HandoverWorld]) -> HandoverWorld:
    return make_world()


@pytest.fixture
def after(postgres: DatabaseAddresses) -> Callable[..., Swept]:
    """A sweep after some time has passed: `after(world, minutes=11)`."""
    assert postgres.server is not None
    url = postgres.server.url

    def sweep(world: HandoverWorld, **time: float) -> Swept:
        let_pass(url, world.context, **time)
        return world.timers().sweep(world.tenant)

    return sweep


def test_who_waits_too_long_is_told_so_once_and_has_one_ticket_and_stays_in_the_queue(
    world: HandoverWorld, after: Callable[..., Swept]
) -> None:
    conversation_id = world.waiting(world.opened(language="de"))
    assert after(world, minutes=9) == Swept()
    assert after(world, minutes=2).apologised == 1
    assert after(world, minutes=60).apologised == 0
    (ticket,) = world.tickets()
    assert world.told(conversation_id) == [say("nobody_free", "de", ticket=str(ticket.number))]
    assert ticket.session_id == conversation_id
    waiting = world.get(conversation_id)
    assert waiting.status == "waiting"
    assert waiting.apologised_at is not None


def test_another_wait_has_another_apology_and_the_same_ticket(
    world: HandoverWorld, after: Callable[..., Swept]
) -> None:
    conversation_id, anna = world.waiting(), world.agent("Anna")
    assert after(world, minutes=11).apologised == 1
    world.desk.claim(world.context, anna, conversation_id)
    world.desk.release(world.context, anna, conversation_id)
    assert after(world, minutes=11).apologised == 1
    assert [each.number for each in world.tickets()] == [1]


def test_a_wait_while_nobody_is_at_work_is_no_long_one(
    make_world: Callable[..., HandoverWorld], after: Callable[..., Swept]
) -> None:
    world = make_world(**NEVER_OPEN)
    conversation_id = world.waiting()
    assert after(world, hours=10) == Swept()
    assert world.told(conversation_id) == []


def test_open_time_is_counted_over_the_night(make_world: Callable[..., HandoverWorld]) -> None:
    """Five minutes before closing, and five after opening."""
    day = datetime.now(UTC).date()
    hours = {each: ["08:00-18:00"] for each in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    world = make_world(hours=hours, wait_minutes=10)
    conversation_id = world.waiting()
    with world.database.tenant(world.context) as session:
        session.execute(
            update(ConversationRow).values(waiting_since=datetime(day.year, day.month, day.day, 17, 55, tzinfo=UTC))
        )
    following = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() + 86_400
    for minute, apologised in ((4, 0), (6, 1)):
        world.clock = lambda minute=minute: datetime.fromtimestamp(following + 8 * 3600 + minute * 60, UTC)
        assert world.timers().sweep(world.tenant).apologised == apologised
    assert len(world.told(conversation_id)) == 1


@pytest.mark.parametrize(
    ("customer", "variables", "to"),
    [
        ({"email": "ada@example.com"}, {"email": "other@example.com"}, "ada@example.com"),
        ({"name": "Ada"}, {"email": "ada@example.org"}, "ada@example.org"),
        ({}, {"email": "no address"}, None),
        ({"email": "ada@example.com\nBcc: all@example.com"}, {}, None),
        ({}, {}, None),
    ],
)
def test_an_apology_goes_by_mail_too_where_an_address_is_known(
    world: HandoverWorld, after: Callable[..., Swept], customer: dict[str, str], variables: Any, to: str | None
) -> None:
    conversation_id = world.waiting(world.opened(**customer), variables=variables)
    after(world, minutes=11)
    after(world, minutes=11)
    mails = world.mails()
    assert [each["to"] for each in mails] == ([] if to is None else [to])
    for mail in mails:
        assert mail["conversation_id"] == str(conversation_id)
        assert "#1" in mail["subject"]
        assert mail["text"] == say("nobody_free", "en", ticket="1")


def test_customers_who_write_by_mail_are_not_written_to_twice(
    world: HandoverWorld, after: Callable[..., Swept]
) -> None:
    world.waiting(world.opened(channel="email", email="ada@example.com"))
    assert after(world, minutes=11).apologised == 1
    assert world.mails() == []


def test_a_ticket_that_cannot_be_made_is_not_spoken_of_and_tried_again(
    world: HandoverWorld, after: Callable[..., Swept]
) -> None:
    conversation_id = world.waiting()
    world.office.down = True
    assert after(world, minutes=11) == Swept()
    assert world.told(conversation_id) == []
    world.office.down = False
    assert after(world).apologised == 1
    assert world.told(conversation_id) == [say("nobody_free", "en", ticket="1")]


def test_a_silent_agents_conversation_goes_back_into_the_queue_for_others(
    world: HandoverWorld, after: Callable[..., Swept]
) -> None:
    conversation_id, anna = world.waiting(), world.agent("Anna")
    world.desk.claim(world.context, anna, conversation_id)
    assert after(world, minutes=9) == Swept()
    assert after(world, minutes=2).silenced == 1
    waiting = world.get(conversation_id)
    assert (waiting.status, waiting.agent_id) == ("waiting", None)
    told = world.told(conversation_id)[-1]
    assert told.startswith(say("back_in_queue", "en"))
    assert told.endswith(say("queue_position", "en", position="1"))
    assert after(world, minutes=9) == Swept()


def test_an_agent_who_has_answered_is_not_silent(world: HandoverWorld, after: Callable[..., Swept]) -> None:
    conversation_id, anna = world.waiting(), world.agent("Anna")
    world.desk.claim(world.context, anna, conversation_id)
    world.desk.say(world.context, anna, conversation_id, client_message_id="m1", text="Hello")
    assert after(world, hours=30) == Swept()
    assert world.get(conversation_id).status == "agent"


def test_a_customer_who_asks_again_does_not_wait_longer_for_it(
    world: HandoverWorld, after: Callable[..., Swept]
) -> None:
    conversation_id, anna = world.waiting(), world.agent("Anna")
    world.desk.claim(world.context, anna, conversation_id)
    world.desk.say(world.context, anna, conversation_id, client_message_id="m1", text="Hello")
    for _ in range(3):
        world.writes(conversation_id)
        assert after(world, minutes=3) == Swept()
    world.writes(conversation_id)
    assert after(world, minutes=2).silenced == 1


def test_silence_outside_business_hours_makes_a_ticket_and_says_so(
    make_world: Callable[..., HandoverWorld], after: Callable[..., Swept]
) -> None:
    world = make_world(**NEVER_OPEN)
    conversation_id = world.waiting()
    world.desk.claim(world.context, world.agent("Anna"), conversation_id)
    assert after(world, minutes=11).silenced == 1
    assert world.told(conversation_id)[-1].endswith(say("no_opening", "en", ticket="1"))


def test_a_conversation_in_which_nothing_happens_is_closed_and_so_counted(
    world: HandoverWorld, after: Callable[..., Swept]
) -> None:
    answered, unanswered = world.opened(), world.opened()
    world.turn(answered, "Forty-five days.")
    solved = world.opened()
    world.turn(solved, "Good to hear.", state={"variables": {"problem_solved": True}})
    assert after(world, hours=23) == Swept()
    assert after(world, hours=2).ended == 3
    results = [world.outcomes.get(world.context, each).result for each in (answered, unanswered, solved)]
    assert results == ["contained", "abandoned", "verified"]
    assert [world.get(each).status for each in (answered, unanswered, solved)] == ["closed"] * 3
    assert world.told(answered) == []


def test_who_waits_for_a_person_is_never_closed_without_a_ticket(
    make_world: Callable[..., HandoverWorld], after: Callable[..., Swept]
) -> None:
    world = make_world(**NEVER_OPEN)
    conversation_id = world.waiting()
    assert after(world, hours=24 * 30) == Swept()
    open_world = make_world()
    open_world.office.down = True
    waiting = open_world.waiting()
    assert after(open_world, hours=24 * 30) == Swept()
    open_world.office.down = False
    assert after(open_world).apologised == 1
    assert after(open_world, hours=25).ended == 1
    assert open_world.told(waiting)[-1] == say("closed_with_ticket", "en", ticket="1")
    assert open_world.outcomes.get(open_world.context, waiting).result == "abandoned"
    assert world.get(conversation_id).status == "waiting"


def test_a_customer_who_does_not_come_back_was_helped(world: HandoverWorld, after: Callable[..., Swept]) -> None:
    conversation_id, resolved, anna = world.opened(), world.waiting(), world.agent("Anna")
    world.turn(conversation_id, "Forty-five days.")
    world.desk.claim(world.context, anna, resolved)
    world.desk.say(world.context, anna, resolved, client_message_id="m1", text="Done")
    world.desk.resolve(world.context, anna, resolved)
    assert after(world, hours=25).ended == 1
    assert world.outcomes.get(world.context, conversation_id).result == "contained"
    assert after(world, hours=73).settled == 2
    assert world.outcomes.get(world.context, conversation_id).result == "verified"
    handed = world.outcomes.get(world.context, resolved)
    assert (handed.result, handed.verified) == ("handed_over", True)
    assert after(world, hours=73) == Swept()


def test_a_timer_lets_a_turn_that_is_worked_out_end_first(world: HandoverWorld, after: Callable[..., Swept]) -> None:
    conversation_id = world.waiting()
    claim = world.claimed_turn(conversation_id)
    assert after(world, minutes=11) == Swept()
    noted = TurnResult(
        (NewMessage("added", author="system"),), "waiting", {}, "en", dict(claim.conversation.handover or {})
    )
    finish_turn(world.database, world.context, claim, noted)
    assert after(world).apologised == 1
    assert world.told(conversation_id) == ["added", say("nobody_free", "en", ticket="1")]


def test_two_processes_sweep_one_tenant_one_after_the_other(world: HandoverWorld, after: Callable[..., Swept]) -> None:
    conversation_id = world.waiting()
    reached, go_on = Event(), Event()

    def stop(step: str) -> None:
        if step == "after_ticket":
            reached.set()
            assert go_on.wait(30)

    after(world, minutes=9)
    with ThreadPoolExecutor(1) as pool:
        world.clock = lambda: datetime.fromtimestamp(datetime.now(UTC).timestamp() + 120, UTC)
        first = pool.submit(world.timers(stop).sweep, world.tenant)
        assert reached.wait(30)
        assert world.timers().sweep(world.tenant) == Swept()
        go_on.set()
        assert first.result(30).apologised == 1
    assert len(world.told(conversation_id)) == 1


def test_one_tenants_timers_touch_no_other_tenant(
    make_world: Callable[..., HandoverWorld], after: Callable[..., Swept], postgres: DatabaseAddresses
) -> None:
    mine, other = make_world(), make_world()
    mine.waiting()
    untouched = other.waiting()
    assert postgres.server is not None
    let_pass(postgres.server.url, other.context, minutes=11)
    assert after(mine, minutes=11).apologised == 1
    assert (other.told(untouched), other.tickets()) == ([], [])
