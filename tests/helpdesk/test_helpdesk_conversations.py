"""What is stored of conversations: numbered without gaps, one owner at a time, and each tenant's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from components.core.answers import Citation
from components.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.conversations.claiming import (
    MOST_WAITING,
    accept_message,
    await_turn,
    claim_turn,
    extend_claims,
    release_claim,
    waiting_conversations,
)
from components.helpdesk.conversations.conversation import Conversation, MessageDetails
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.conversations.finishing import finish_turn
from components.helpdesk.conversations.opening import store_opening
from components.helpdesk.conversations.turn_records import Accepted, NewMessage, StoredTurn, TurnClaim, TurnResult

LEASE = 30.0
DETAILS = MessageDetails(
    (Citation(1, "c", "d", "Returns", "Tents", "Thirty days.", "Thirty", 0, 6, 0.8),),
    uuid4(),
    ("Yes", "No"),
    {"steps": [{"node": "main.a", "type": "rag", "what": "answered"}]},
)


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant().context


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


def result(*texts: str) -> TurnResult:
    return TurnResult(tuple(NewMessage(text, DETAILS) for text in texts), "bot", {"turns": 1}, "en", None, {"flows": 2})


def opened(database: Database, tenant: TenantContext) -> Conversation:
    opening = result("Hello")
    return store_opening(database, tenant, uuid4(), opening, channel="web", customer={"name": "Ann"}, flow_version=2)[0]


def accepted(database: Database, tenant: TenantContext, conversation_id: UUID, key: str = "a") -> Accepted:
    return accept_message(database, tenant, conversation_id, key, f"text {key}", LEASE)


def test_what_is_stored_is_read_back_as_it_was(
    database: Database, conversations: Conversations, tenant: TenantContext
) -> None:
    conversation = opened(database, tenant)
    claim = accepted(database, tenant, conversation.conversation_id).now
    assert isinstance(claim, TurnClaim)
    stored = finish_turn(database, tenant, claim, result("One", "Two"))
    assert stored is not None
    assert [(each.sequence, each.reply_to, each.details) for each in stored.replies] == [
        (3, 2, DETAILS),
        (4, 2, DETAILS),
    ]
    read, messages, pending = conversations.read(tenant, conversation.conversation_id)
    assert (read, messages[1:], pending) == (stored.conversation, (stored.message, *stored.replies), False)
    assert (read.customer, read.state, read.versions, read.flow_version) == (
        {"name": "Ann"},
        {"turns": 1},
        {"flows": 2},
        2,
    )
    assert conversations.messages(tenant, conversation.conversation_id, after=2, limit=1) == stored.replies[:1]


def test_nothing_of_a_turn_is_seen_before_all_of_it_is(
    database: Database, conversations: Conversations, tenant: TenantContext
) -> None:
    conversation_id = opened(database, tenant).conversation_id
    accepted(database, tenant, conversation_id)
    read, messages, pending = conversations.read(tenant, conversation_id)
    assert pending
    assert [each.handled for each in messages] == [True, False]
    assert read.last_sequence == 2
    assert waiting_conversations(database, tenant) == (conversation_id,)


def test_only_one_owner_at_a_time_works_on_a_conversation(database: Database, tenant: TenantContext) -> None:
    conversation_id = opened(database, tenant).conversation_id
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda n: accepted(database, tenant, conversation_id, f"m{n}"), range(8)))
    assert sorted(each.message.sequence for each in got) == list(range(2, 10))
    (claim,) = [each.now for each in got if isinstance(each.now, TurnClaim)]
    assert claim.message.sequence == 2
    assert claim_turn(database, tenant, conversation_id, LEASE) is None
    finish_turn(database, tenant, claim, result("done"))
    following = claim_turn(database, tenant, conversation_id, LEASE)
    assert following is not None
    assert following.message.sequence == 3


def test_a_claim_that_lapsed_goes_to_the_next_one_and_stores_nothing_any_more(
    database: Database, conversations: Conversations, tenant: TenantContext
) -> None:
    conversation_id = opened(database, tenant).conversation_id
    lapsed = accept_message(database, tenant, conversation_id, "a", "text a", 0.01).now
    assert isinstance(lapsed, TurnClaim)
    time.sleep(0.05)
    again = accepted(database, tenant, conversation_id)
    assert again.repeated
    assert isinstance(again.now, TurnClaim)
    assert finish_turn(database, tenant, lapsed, result("too late")) is None
    stored = finish_turn(database, tenant, again.now, result("in time"))
    assert stored is not None
    assert finish_turn(database, tenant, again.now, result("twice")) is None
    assert [each.text for each in conversations.messages(tenant, conversation_id)] == ["Hello", "text a", "in time"]
    assert accepted(database, tenant, conversation_id).now == stored


def test_a_claim_that_is_extended_does_not_lapse(database: Database, tenant: TenantContext) -> None:
    conversation_id = opened(database, tenant).conversation_id
    claim = accept_message(database, tenant, conversation_id, "a", "text a", 0.5).now
    assert isinstance(claim, TurnClaim)
    extend_claims(database, tenant, [claim.owner, uuid4()], LEASE)
    time.sleep(0.6)
    assert await_turn(database, tenant, conversation_id, 2, LEASE) is None
    release_claim(database, tenant, claim)
    assert isinstance(await_turn(database, tenant, conversation_id, 2, LEASE), TurnClaim)


def test_whoever_waits_for_a_turn_is_told_it_once_it_is_stored(database: Database, tenant: TenantContext) -> None:
    conversation_id = opened(database, tenant).conversation_id
    claim = accepted(database, tenant, conversation_id).now
    assert isinstance(claim, TurnClaim)
    assert await_turn(database, tenant, conversation_id, 2, LEASE) is None
    stored = finish_turn(database, tenant, claim, result("done"))
    assert isinstance(stored, StoredTurn)
    assert await_turn(database, tenant, conversation_id, 2, LEASE) == stored


def test_a_customers_id_stands_for_one_text(database: Database, tenant: TenantContext) -> None:
    conversation_id = opened(database, tenant).conversation_id
    accepted(database, tenant, conversation_id)
    with pytest.raises(Conflict):
        accept_message(database, tenant, conversation_id, "a", "another text", LEASE)
    other = opened(database, tenant).conversation_id
    assert not accept_message(database, tenant, other, "a", "another text", LEASE).repeated


def test_only_so_many_messages_may_wait(
    database: Database, conversations: Conversations, tenant: TenantContext
) -> None:
    conversation_id = opened(database, tenant).conversation_id
    for number in range(MOST_WAITING):
        accepted(database, tenant, conversation_id, f"m{number}")
    with pytest.raises(Unavailable, match="wait for an answer already"):
        accepted(database, tenant, conversation_id, "more")
    assert accepted(database, tenant, conversation_id, "m3").repeated
    assert len(conversations.messages(tenant, conversation_id)) == MOST_WAITING + 1


def test_another_tenant_reaches_nothing_of_a_conversation(
    database: Database, conversations: Conversations, tenant: TenantContext, make_tenant: Callable[..., Tenant]
) -> None:
    other = make_tenant().context
    conversation_id = opened(database, tenant).conversation_id
    claim = accepted(database, tenant, conversation_id).now
    assert isinstance(claim, TurnClaim)
    for reach in (
        lambda: conversations.read(other, conversation_id),
        lambda: accepted(database, other, conversation_id, "b"),
        lambda: await_turn(database, other, conversation_id, 2, LEASE),
        lambda: claim_turn(database, other, conversation_id, LEASE),
    ):
        with pytest.raises(NotFound):
            reach()
    release_claim(database, other, claim)
    extend_claims(database, other, [claim.owner], 0.0)
    assert finish_turn(database, other, claim, result("theirs")) is None
    assert waiting_conversations(database, other) == ()
    assert conversations.list(other) == ()
    assert claim_turn(database, tenant, conversation_id, LEASE) is None
    assert finish_turn(database, tenant, claim, result("mine")) is not None


def test_conversations_are_listed_by_their_last_change(
    database: Database, conversations: Conversations, tenant: TenantContext
) -> None:
    first, second = (opened(database, tenant).conversation_id for _ in range(2))
    claim = accepted(database, tenant, first).now
    assert isinstance(claim, TurnClaim)
    waiting = TurnResult((), "waiting", {}, handover={"reason": "no_answer"})
    finish_turn(database, tenant, claim, waiting)
    assert [each.conversation_id for each in conversations.list(tenant)] == [first, second]
    assert [each.conversation_id for each in conversations.list(tenant, "waiting", 1)] == [first]
    with pytest.raises(InvalidInput, match="1 to 500"):
        conversations.list(tenant, limit=0)
    with pytest.raises(InvalidInput, match="after=-1"):
        conversations.messages(tenant, first, after=-1)
