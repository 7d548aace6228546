"""A conversation has one owner at a time, and while that is an agent no bot writes in it, whatever the timing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from components.core.errors import Conflict, InvalidInput, NotFound
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import MessageRow, OutboxRow
from components.helpdesk.conversations.claiming import accept_message
from components.helpdesk.conversations.conversation import Conversation
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.conversations.finishing import finish_turn
from components.helpdesk.conversations.opening import store_opening
from components.helpdesk.conversations.ownership import read_changes
from components.helpdesk.conversations.turn_records import NewMessage, StoredTurn, TurnClaim, TurnResult
from components.helpdesk.handover.agents import Agent, Agents
from components.helpdesk.handover.desk import Desk
from tests.staff import hired

LEASE = 30.0


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant().context


@pytest.fixture(scope="module")
def agents(database: Database) -> Agents:
    return Agents(database)


@pytest.fixture(scope="module")
def desk(database: Database, agents: Agents) -> Desk:
    return Desk(database, agents)


@pytest.fixture
def anna(database: Database, tenant: TenantContext) -> Agent:
    return hired(database, tenant, "Anna")


@pytest.fixture
def ben(database: Database, tenant: TenantContext) -> Agent:
    return hired(database, tenant, "Ben")


def turn_result(status: str, *texts: str) -> TurnResult:
    asked = {"reason": "asked_by_customer", "node": "main.a", "priority": "high"} if status == "waiting" else None
    return TurnResult(tuple(NewMessage(text) for text in texts), status, {}, "en", asked)  # type: ignore[arg-type]


def opened(database: Database, tenant: TenantContext, channel: str = "web") -> Conversation:
    opening = turn_result("bot", "Hello")
    return store_opening(database, tenant, uuid4(), opening, channel=channel, customer={}, flow_version=1)[0]


def claimed_turn(database: Database, tenant: TenantContext, conversation_id: UUID) -> TurnClaim:
    accepted = accept_message(database, tenant, conversation_id, uuid4().hex, "a human please", LEASE)
    assert isinstance(accepted.now, TurnClaim)
    return accepted.now


def waiting(database: Database, tenant: TenantContext, channel: str = "web") -> Conversation:
    conversation = opened(database, tenant, channel)
    claim = claimed_turn(database, tenant, conversation.conversation_id)
    stored = finish_turn(database, tenant, claim, turn_result("waiting", "A colleague will come"))
    assert stored is not None
    return stored.conversation


def test_a_handover_is_recorded_with_its_reason(database: Database, tenant: TenantContext) -> None:
    conversation = waiting(database, tenant)
    assert (conversation.status, conversation.priority) == ("waiting", "high")
    assert conversation.waiting_since is not None
    with database.tenant(tenant) as session:
        (change,) = read_changes(session.connection(), tenant, conversation.conversation_id)
    assert (change.kind, change.actor, change.details["reason"]) == ("request", "bot", "asked_by_customer")


def test_of_two_agents_who_claim_at_once_one_wins_and_the_other_is_told_who(
    database: Database, tenant: TenantContext, desk: Desk, anna: Agent, ben: Agent
) -> None:
    for _ in range(10):
        conversation_id = waiting(database, tenant).conversation_id

        def claim(agent: Agent, conversation_id: UUID = conversation_id) -> Conversation | Conflict:
            try:
                return desk.claim(tenant, agent, conversation_id)
            except Conflict as error:
                return error

        with ThreadPoolExecutor(2) as threads:
            results = list(threads.map(claim, (anna, ben)))
        (won,) = [each for each in results if isinstance(each, Conversation)]
        (lost,) = [each for each in results if isinstance(each, Conflict)]
        winner = anna if won.agent_id == anna.agent_id else ben
        assert winner.name in lost.message


def test_a_turn_that_runs_while_an_agent_claims_writes_nothing(
    database: Database, tenant: TenantContext, desk: Desk, anna: Agent
) -> None:
    conversation_id = opened(database, tenant).conversation_id
    running = claimed_turn(database, tenant, conversation_id)
    desk.claim(tenant, anna, conversation_id)
    assert finish_turn(database, tenant, running, turn_result("bot", "I am the bot")) is None
    said = Conversations(database).messages(tenant, conversation_id)
    assert [each.author for each in said] == ["bot", "customer", "system"]
    assert all(each.handled for each in said)


def test_the_database_itself_refuses_a_bot_over_an_agent(
    database: Database, tenant: TenantContext, desk: Desk, anna: Agent
) -> None:
    conversation = desk.claim(tenant, anna, waiting(database, tenant).conversation_id)
    with pytest.raises(IntegrityError, match="no bot may write"), database.tenant(tenant) as session:
        session.execute(
            insert(MessageRow).values(
                tenant_id=tenant.tenant_id,
                conversation_id=conversation.conversation_id,
                sequence=conversation.last_sequence + 1,
                author="bot",
                text="over you",
            )
        )


def test_what_a_customer_writes_to_an_agent_takes_no_turn(
    database: Database, tenant: TenantContext, desk: Desk, anna: Agent
) -> None:
    conversation_id = waiting(database, tenant).conversation_id
    desk.claim(tenant, anna, conversation_id)
    accepted = accept_message(database, tenant, conversation_id, "m1", "hello Anna", LEASE)
    assert isinstance(accepted.now, StoredTurn)
    assert (accepted.now.replies, accepted.message.handled) == ((), True)
    again = accept_message(database, tenant, conversation_id, "m1", "hello Anna", LEASE)
    assert (again.repeated, again.message.sequence) == (True, accepted.message.sequence)


def test_an_agents_message_sent_twice_is_one(
    database: Database, tenant: TenantContext, desk: Desk, anna: Agent
) -> None:
    conversation_id = waiting(database, tenant).conversation_id
    desk.claim(tenant, anna, conversation_id)
    first, repeated = desk.say(tenant, anna, conversation_id, client_message_id="m1", text="Hi, Anna here")
    same, again = desk.say(tenant, anna, conversation_id, client_message_id="m1", text="Hi, Anna here")
    assert (repeated, again, same.sequence, same.client_message_id) == (False, True, first.sequence, "m1")
    assert (same.author, same.details.speaker) == ("agent", "Anna")
    # The customer's own id m1 is another message.
    assert not accept_message(database, tenant, conversation_id, "m1", "hello", LEASE).repeated
    with pytest.raises(Conflict, match="m1"):
        desk.say(tenant, anna, conversation_id, client_message_id="m1", text="something else")


def test_only_the_owner_writes_passes_on_and_ends(
    database: Database, tenant: TenantContext, desk: Desk, anna: Agent, ben: Agent
) -> None:
    conversation_id = waiting(database, tenant).conversation_id
    with pytest.raises(Conflict, match="claim it"):
        desk.say(tenant, ben, conversation_id, client_message_id="m", text="hi")
    desk.claim(tenant, anna, conversation_id)
    for act in (desk.release, desk.give_back, desk.resolve):
        with pytest.raises(Conflict, match="Anna owns"):
            act(tenant, ben, conversation_id)
    with pytest.raises(Conflict, match="Anna owns"):
        desk.transfer(tenant, ben, conversation_id, to_team="billing")


def test_a_wish_sent_twice_is_one_change(database: Database, tenant: TenantContext, desk: Desk, anna: Agent) -> None:
    conversation_id = waiting(database, tenant).conversation_id
    once = desk.claim(tenant, anna, conversation_id, request_id="r1")
    again = desk.claim(tenant, anna, conversation_id, request_id="r1")
    assert (again.changes, again.last_sequence) == (once.changes, once.last_sequence)
    with pytest.raises(Conflict, match="r1"):
        desk.resolve(tenant, anna, conversation_id, request_id="r1")


def test_a_transfer_asks_the_colleague_first(
    database: Database, tenant: TenantContext, desk: Desk, anna: Agent, ben: Agent
) -> None:
    conversation_id = waiting(database, tenant).conversation_id
    desk.claim(tenant, anna, conversation_id)
    passed = desk.transfer(tenant, anna, conversation_id, to_agent=ben.agent_id, reason="knows billing")
    assert (passed.status, passed.agent_id) == ("waiting", ben.agent_id)
    assert desk.claim(tenant, ben, conversation_id).agent_id == ben.agent_id
    with pytest.raises(InvalidInput, match="one of"):
        desk.transfer(tenant, ben, conversation_id)
    with pytest.raises(NotFound):
        desk.transfer(tenant, ben, conversation_id, to_agent=uuid4())


def test_the_customer_hears_who_joined_and_left_in_their_language(
    database: Database, tenant: TenantContext, desk: Desk, anna: Agent
) -> None:
    conversation_id = waiting(database, tenant).conversation_id
    desk.claim(tenant, anna, conversation_id)
    ended = desk.resolve(tenant, anna, conversation_id)
    last = Conversations(database).messages(tenant, conversation_id)[-2:]
    assert ["Anna" in each.text for each in last] == [True, True]
    assert (ended.status, last[-1].sequence) == ("closed", ended.last_sequence)


def test_what_is_said_on_another_channel_is_queued_for_it_in_order(
    database: Database, tenant: TenantContext, desk: Desk, anna: Agent
) -> None:
    conversation_id = waiting(database, tenant, "slack").conversation_id
    desk.claim(tenant, anna, conversation_id)
    desk.say(tenant, anna, conversation_id, client_message_id="m1", text="Hi")
    with database.tenant(tenant) as session:
        rows = session.query(OutboxRow).order_by(OutboxRow.position).all()
    assert [row.payload["sequence"] for row in rows] == [1, 3, 4, 5]
    assert {row.lane for row in rows} == {f"conversation/{conversation_id}"}


def test_another_tenants_agent_finds_no_conversation(
    database: Database, tenant: TenantContext, desk: Desk, agents: Agents, make_tenant: Callable[..., Tenant]
) -> None:
    conversation_id = waiting(database, tenant).conversation_id
    other = make_tenant().context
    spy = hired(database, other, "Spy")
    for act in (desk.claim, desk.release, desk.give_back, desk.resolve):
        with pytest.raises(NotFound):
            act(other, spy, conversation_id)
    with pytest.raises(NotFound):
        desk.say(other, spy, conversation_id, client_message_id="m", text="hi")
    with pytest.raises(NotFound):
        agents.get(tenant, spy.agent_id)


def test_reading_goes_forward_only_and_never_past_the_end(
    database: Database, tenant: TenantContext, desk: Desk
) -> None:
    conversation = waiting(database, tenant)
    read, news = desk.read(tenant, conversation.conversation_id, "agent", 10**6)
    assert (read.agent_read, news) == (conversation.last_sequence, True)
    read, news = desk.read(tenant, conversation.conversation_id, "agent", 1)
    assert (read.agent_read, news) == (conversation.last_sequence, False)
