"""The queue shows each agent what is most urgent for them first, and one tenant's agents nothing of another's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from components.core.errors import InvalidInput
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.conversations.claiming import accept_message
from components.helpdesk.conversations.finishing import finish_turn
from components.helpdesk.conversations.opening import store_opening
from components.helpdesk.conversations.store import CONVERSATIONS
from components.helpdesk.conversations.turn_records import NewMessage, TurnClaim, TurnResult
from components.helpdesk.handover.agents import Agent, Agents
from components.helpdesk.handover.desk import Desk
from components.helpdesk.handover.queue import Queue, QueueItem, read_position
from components.helpdesk.handover.watching import Watching
from components.helpdesk.tenant_config import HandoverConfig
from tests.staff import hired

ALWAYS = BusinessHours(HandoverConfig(wait_minutes=10, silent_minutes=4))


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant().context


@pytest.fixture(scope="module")
def agents(database: Database) -> Agents:
    return Agents(database)


@pytest.fixture(scope="module")
def desk(database: Database, agents: Agents) -> Desk:
    return Desk(database, agents)


@pytest.fixture(scope="module")
def queue(database: Database) -> Queue:
    return Queue(database)


@pytest.fixture
def anna(database: Database, tenant: TenantContext) -> Agent:
    return hired(database, tenant, "Anna", team="billing")


@pytest.fixture
def ben(database: Database, tenant: TenantContext) -> Agent:
    return hired(database, tenant, "Ben")


@pytest.fixture
def wait(database: Database, tenant: TenantContext) -> Callable[..., UUID]:
    """A conversation that waits for a person: `wait("text", priority=…, team=…, customer={…}, minutes=…)`."""

    def waiting(
        text: str = "a human please", *, minutes: float = 0, customer: dict[str, str] | None = None, **set_to: str
    ) -> UUID:
        opening = TurnResult((NewMessage("Hello"),), "bot", {}, "en", None)
        conversation, _ = store_opening(
            database, tenant, uuid4(), opening, channel="web", customer=customer or {}, flow_version=1
        )
        accepted = accept_message(database, tenant, conversation.conversation_id, "m1", text, 30.0)
        assert isinstance(accepted.now, TurnClaim)
        asked = {"reason": "asked_by_customer", "node": "main.a", "priority": set_to.pop("priority", "normal")}
        finish_turn(database, tenant, accepted.now, TurnResult((NewMessage("Soon"),), "waiting", {}, "en", asked))
        values = {"waiting_since": datetime.now(UTC) - timedelta(minutes=minutes), **set_to}
        with database.tenant(tenant) as session:
            session.execute(
                update(CONVERSATIONS)
                .where(CONVERSATIONS.c.conversation_id == conversation.conversation_id)
                .values(values)
            )
        return conversation.conversation_id

    return waiting


def ids(items: tuple[QueueItem, ...]) -> list[UUID]:
    return [each.conversation.conversation_id for each in items]


def test_vips_and_urgent_ones_come_first_then_who_waits_longest(
    queue: Queue, tenant: TenantContext, ben: Agent, wait: Callable[..., UUID]
) -> None:
    short, long = wait(minutes=1), wait(minutes=9)
    high, vip = wait(priority="high"), wait(customer={"vip": "yes"}, minutes=2)
    urgent = wait(priority="urgent", minutes=3)
    found = queue.list(tenant, ben, "waiting", ALWAYS, datetime.now(UTC))
    assert ids(found) == [urgent, vip, high, long, short]
    assert [each.position for each in found] == [1, 2, 3, 4, 5]
    assert [each.vip for each in found] == [False, True, False, False, False]


def test_a_vips_place_in_line_is_the_same_in_the_queue_and_for_whoever_watches(
    database: Database, queue: Queue, tenant: TenantContext, ben: Agent, wait: Callable[..., UUID]
) -> None:
    wait(minutes=9)
    vip = wait(customer={"vip": "True"})
    (first, _) = queue.list(tenant, ben, "waiting", ALWAYS, datetime.now(UTC))
    watching = Watching(database)
    assert first.conversation.conversation_id == vip
    assert [first.position, watching.read(tenant, vip, after=None).position] == [1, 1]
    assert next(iter(watching.survey(tenant, ()).held)) == vip


def test_a_team_sees_what_is_meant_for_the_agent_then_its_own_then_other_teams(
    queue: Queue, tenant: TenantContext, desk: Desk, anna: Agent, ben: Agent, wait: Callable[..., UUID]
) -> None:
    others, own, everybodys = wait(team="shipping", minutes=9), wait(team="billing", minutes=1), wait(minutes=2)
    asked = wait()
    desk.claim(tenant, ben, asked)
    desk.transfer(tenant, ben, asked, to_agent=anna.agent_id)
    found = queue.list(tenant, anna, "waiting", ALWAYS, datetime.now(UTC))
    assert ids(found) == [asked, everybodys, own, others]
    assert [each.meant_for_me for each in found] == [True, False, False, False]
    assert queue.counts(tenant, anna).waiting == 3
    assert ids(queue.list(tenant, ben, "waiting", ALWAYS, datetime.now(UTC)))[-1] == asked


def test_each_team_has_a_line_of_its_own(database: Database, tenant: TenantContext, wait: Callable[..., UUID]) -> None:
    first, second, other = wait(team="billing", minutes=5), wait(team="billing"), wait(team="shipping")
    with database.tenant(tenant) as session:
        connection = session.connection()
        found = [read_position(connection, tenant, each) for each in (first, second, other)]
    assert found == [1, 2, 1]


@pytest.mark.parametrize(("minutes", "colour"), [(1, "green"), (6, "amber"), (11, "red")])
def test_the_colour_is_the_share_of_the_time_that_a_customer_may_wait(
    queue: Queue, tenant: TenantContext, ben: Agent, wait: Callable[..., UUID], minutes: float, colour: str
) -> None:
    wait(minutes=minutes)
    (found,) = queue.list(tenant, ben, "waiting", ALWAYS, datetime.now(UTC))
    assert found.service_level is not None
    assert found.service_level.colour == colour
    assert found.service_level.waited == pytest.approx(minutes * 60, abs=5)


def test_a_night_without_people_uses_up_none_of_it(
    queue: Queue, tenant: TenantContext, ben: Agent, wait: Callable[..., UUID]
) -> None:
    wait(minutes=600)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    closed = HandoverConfig(wait_minutes=10, holidays=(yesterday, yesterday + timedelta(days=1)), hours={})
    (found,) = queue.list(tenant, ben, "waiting", BusinessHours(closed), datetime.now(UTC))
    assert found.service_level is not None
    assert (found.service_level.colour, found.service_level.waited, found.service_level.red_at) == ("green", 0, None)


def test_an_agents_own_conversation_is_late_when_the_customer_waits_for_their_word(
    database: Database, queue: Queue, tenant: TenantContext, desk: Desk, ben: Agent, wait: Callable[..., UUID]
) -> None:
    mine = wait()
    desk.claim(tenant, ben, mine)
    soon = datetime.now(UTC) + timedelta(minutes=5)
    (found,) = queue.list(tenant, ben, "mine", ALWAYS, soon)
    assert found.service_level is not None
    assert (found.service_level.colour, found.owner, found.position) == ("red", "Ben", None)
    desk.say(tenant, ben, mine, client_message_id="a1", text="Hello, Ben here")
    (found,) = queue.list(tenant, ben, "mine", ALWAYS, soon)
    assert found.service_level is None
    accept_message(database, tenant, mine, "m2", "Thank you. And my parcel?", 30.0)
    (found,) = queue.list(tenant, ben, "mine", ALWAYS, soon)
    assert found.service_level is not None


def test_unread_messages_and_the_last_words_are_shown(
    database: Database, queue: Queue, tenant: TenantContext, desk: Desk, ben: Agent, wait: Callable[..., UUID]
) -> None:
    mine = wait("x" * 500)
    desk.claim(tenant, ben, mine)
    accept_message(database, tenant, mine, "m2", "Are you there?", 30.0)
    (found,) = queue.list(tenant, ben, "mine", ALWAYS, datetime.now(UTC))
    assert (found.unread, found.last and found.last.text) == (2, "Are you there?")
    desk.read(tenant, mine, "agent", 10**6)
    (found,) = queue.list(tenant, ben, "mine", ALWAYS, datetime.now(UTC))
    assert found.unread == 0


def test_what_has_ended_is_among_the_closed_and_nowhere_else(
    queue: Queue, tenant: TenantContext, desk: Desk, ben: Agent, wait: Callable[..., UUID]
) -> None:
    ended = wait()
    desk.claim(tenant, ben, ended)
    desk.resolve(tenant, ben, ended)
    now = datetime.now(UTC)
    assert ids(queue.list(tenant, ben, "closed", ALWAYS, now)) == [ended]
    assert [queue.list(tenant, ben, view, ALWAYS, now) for view in ("waiting", "mine", "all")] == [(), (), ()]
    with pytest.raises(InvalidInput, match="waiting, mine, all, closed"):
        queue.list(tenant, ben, "theirs", ALWAYS, now)  # type: ignore[arg-type]


def test_another_tenants_queue_is_empty(
    queue: Queue, database: Database, make_tenant: Callable[..., Tenant], wait: Callable[..., UUID]
) -> None:
    wait()
    other = make_tenant().context
    spy = hired(database, other, "Spy")
    assert queue.list(other, spy, "waiting", ALWAYS, datetime.now(UTC)) == ()
    assert queue.counts(other, spy).waiting == 0
