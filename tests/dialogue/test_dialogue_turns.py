"""A turn: stored whole, taken once and in order, and ended in words the customer can use, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from dialogue_turns_world import World, opened, said, with_flows
from sqlalchemy import update

from components.core.errors import Conflict, DatabaseUnavailable, ModelTimedOut, Unavailable
from components.core.tenant import Tenant
from components.database.dialogue_tables import ConversationRow
from components.database.session import Database
from components.dialogue.turn_events import Delta, TurnEvent, Typing
from components.dialogue.turns import TakenTurn, Turns
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.wording import only_in, say


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    world = World(database)
    yield world
    world.close()


@pytest.fixture
def tenant(database: Database, make_tenant: Callable[..., Tenant]) -> Tenant:
    return with_flows(database, make_tenant())


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database)


def test_a_conversation_opens_with_its_greeting_stored(
    world: World, tenant: Tenant, conversations: Conversations
) -> None:
    conversation = opened(world.turns(), tenant)
    (greeting,) = conversations.messages(tenant.context, conversation.conversation_id)
    assert (greeting.sequence, greeting.author, greeting.text) == (1, "bot", "Hi Ann, how can I help?")
    assert conversations.get(tenant.context, conversation.conversation_id) == conversation
    assert (conversation.status, conversation.last_sequence, conversation.channel) == ("bot", 1, "web")


def test_a_refund_is_collected_over_turns_until_the_tickets_number(
    world: World, tenant: Tenant, conversations: Conversations
) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    heard: list[TurnEvent] = []
    first = turns.take(tenant, conversation_id, client_message_id="a", text=" I want a refund ", on_event=heard.append)
    assert said(first.replies) == ["Which order?"]
    assert (first.message.text, first.message.sequence, first.replies[0].reply_to) == ("I want a refund", 2, 2)
    assert heard == [Typing(), Delta(0, "Which order?")]
    second = turns.take(tenant, conversation_id, client_message_id="b", text="NT-104432")
    assert said(second.replies) == ["I have opened ticket #1."]
    assert [each.sequence for each in conversations.messages(tenant.context, conversation_id)] == [1, 2, 3, 4, 5]
    assert second.conversation.last_sequence == 5
    assert set(second.seconds) == {"accept", "nlu", "answer", "work", "store", "total"}


def test_a_reply_carries_its_answer_and_how_it_came_about(world: World, tenant: Tenant) -> None:
    turns = world.turns()
    taken = turns.take(tenant, opened(turns, tenant).conversation_id, client_message_id="a", text="How long is Norway?")
    (reply,) = taken.replies
    assert reply.text == "About How long is Norway?"
    assert reply.details.answer_id is not None
    lineage = reply.details.lineage
    assert lineage["understanding"]["engine"] == "local"
    assert set(lineage["seconds"]) == {"nlu", "answer", "work", "store"}
    assert [step["type"] for step in lineage["steps"]][:1] == ["nlu"]
    assert taken.conversation.versions == {
        "flows": 1,
        "nlu": {"engine": "local", "version": "7f"},
        "prompt": {"id": "answer", "version": 3},
        "model": "extractive",
        "index": 7,
    }
    assert taken.conversation.language == "en"


def test_the_same_message_again_is_told_what_is_stored_and_nothing_is_done_again(world: World, tenant: Tenant) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    first = turns.take(tenant, conversation_id, client_message_id="a", text="How far?")
    again = world.turns().take(tenant, conversation_id, client_message_id="a", text="How far?")
    assert (again.message, again.replies, again.conversation) == (first.message, first.replies, first.conversation)
    assert (first.repeated, again.repeated) == (False, True)
    assert len(world.knowledge.asked) == 1
    with pytest.raises(Conflict, match="another text"):
        turns.take(tenant, conversation_id, client_message_id="a", text="How near?")


def test_a_message_repeated_while_its_turn_runs_gets_that_turn(world: World, tenant: Tenant) -> None:
    world.knowledge.gate = Event()
    turns, elsewhere = world.turns(), world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    began = Event()

    def ask(by: Turns, hear: Callable[[TurnEvent], None]) -> TakenTurn:
        return by.take(tenant, conversation_id, client_message_id="a", text="How far?", on_event=hear)

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(ask, turns, lambda event: began.set())
        assert began.wait(10)
        again = [pool.submit(ask, by, lambda event: None) for by in (turns, elsewhere)]
        world.knowledge.gate.set()
        results = [first.result(20), *(each.result(20) for each in again)]
    assert [each.replies for each in results] == [results[0].replies] * 3
    assert [each.repeated for each in results] == [False, True, True]
    assert len(world.knowledge.asked) == 1


def test_messages_sent_at_once_are_answered_one_after_the_other_in_their_order(
    world: World, tenant: Tenant, conversations: Conversations
) -> None:
    turns = [world.turns(), world.turns()]
    conversation_id = opened(turns[0], tenant).conversation_id
    with ThreadPoolExecutor(8) as pool:
        taken = list(
            pool.map(
                lambda n: turns[n % 2].take(tenant, conversation_id, client_message_id=f"m{n}", text=f"message {n}"),
                range(8),
            )
        )
    assert all(said(each.replies) == [f"About {each.message.text}"] for each in taken)
    messages = conversations.messages(tenant.context, conversation_id)
    assert [each.sequence for each in messages] == list(range(1, 18))
    answered = [each.reply_to for each in messages if each.reply_to]
    assert answered == sorted(answered)


def test_who_waits_too_long_is_told_so_and_the_message_is_answered_later(world: World, tenant: Tenant) -> None:
    world.knowledge.gate = Event()
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    with ThreadPoolExecutor(1) as pool:
        began = Event()
        first = pool.submit(
            turns.take, tenant, conversation_id, client_message_id="a", text="one", on_event=lambda event: began.set()
        )
        assert began.wait(10)
        with pytest.raises(Unavailable, match="kept"):
            turns.take(tenant, conversation_id, client_message_id="b", text="two", deadline=0.2)
        assert not turns.resume(tenant, conversation_id), "another turn runs"
        world.knowledge.gate.set()
        first.result(20)
    assert turns.resume(tenant, conversation_id)
    assert not turns.resume(tenant, conversation_id)
    later = turns.take(tenant, conversation_id, client_message_id="b", text="two")
    assert later.repeated
    assert said(later.replies) == ["About two"]
    assert world.knowledge.asked == ["one", "two"]


def test_what_the_knowledge_does_not_say_goes_to_a_person_with_all_they_need(world: World, tenant: Tenant) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    turns.take(tenant, conversation_id, client_message_id="a", text="How far is Norway?")
    taken = turns.take(tenant, conversation_id, client_message_id="b", text="Something unknown?")
    assert taken.conversation.status == "waiting"
    handover = taken.conversation.handover
    assert handover is not None
    assert (handover["reason"], handover["language"]) == ("no_answer", "en")
    assert [each["text"] for each in handover["messages"]] == ["How far is Norway?", "Something unknown?"]
    assert len(handover["answers"]) == 2
    assert "Something unknown?" in handover["summary"]
    noted = [turns.take(tenant, conversation_id, client_message_id=f"c{n}", text="hello?") for n in range(2)]
    assert [said(each.replies) for each in noted] == [[say("added_for_colleague", "en")], []]
    assert noted[0].replies[0].author == "system"
    assert len(world.knowledge.asked) == 2
    back = turns.take(tenant, conversation_id, client_message_id="d", text="start over")
    assert said(back.replies)[0] == say("withdrawn", "en")
    assert (back.conversation.status, back.conversation.handover) == ("bot", None)
    turns.take(tenant, conversation_id, client_message_id="e", text="How near?")
    again = turns.take(tenant, conversation_id, client_message_id="f", text="unknown too")
    assert again.conversation.handover is not None
    assert "How far is Norway?" not in [each["text"] for each in again.conversation.handover["messages"]]


def test_a_quotation_in_another_language_than_the_customers_begins_by_saying_so(world: World, tenant: Tenant) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    text = "Wie lange dauert der Versand nach Norwegen, bitte?"
    taken = turns.take(tenant, conversation_id, client_message_id="a", text=text)
    assert taken.replies[0].text.startswith(only_in("en", "de"))
    assert taken.conversation.language == "de"
    unknown = turns.take(tenant, conversation_id, client_message_id="b", text="unknown")
    assert unknown.replies[0].text.startswith(say("dont_know", "de"))


def test_a_model_that_fails_ends_the_turn_with_an_apology_and_the_talk_goes_on(world: World, tenant: Tenant) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    world.knowledge.failing = ModelTimedOut("silent for 30 s")
    taken = turns.take(tenant, conversation_id, client_message_id="a", text="How far?")
    assert said(taken.replies) == [say("cannot_look_up", "en")]
    world.knowledge.failing = None
    assert turns.take(tenant, conversation_id, client_message_id="b", text="again").conversation.status == "bot"


def test_a_fault_is_apologised_for_once_and_handed_over(world: World, tenant: Tenant) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    world.knowledge.failing = ZeroDivisionError("a fault of ours")
    taken = turns.take(tenant, conversation_id, client_message_id="a", text="How far?")
    assert said(taken.replies) == [say("apology_handover", "en"), say("queue_position", "en", position="1")]
    assert taken.replies[0].details.lineage["fault"] == "fault"
    assert taken.conversation.handover is not None
    assert taken.conversation.handover["reason"] == "fault"


def test_where_the_database_is_away_the_message_waits_for_a_later_try(world: World, tenant: Tenant) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    world.knowledge.failing = DatabaseUnavailable("gone")
    with pytest.raises(DatabaseUnavailable):
        turns.take(tenant, conversation_id, client_message_id="a", text="How far?")
    world.knowledge.failing = None
    taken = turns.take(tenant, conversation_id, client_message_id="a", text="How far?")
    assert (said(taken.replies), taken.repeated) == (["About How far?"], True)


def test_without_understanding_the_question_goes_to_the_knowledge(world: World, tenant: Tenant) -> None:
    world.nlu.down = True
    turns = world.turns()
    taken = turns.take(tenant, opened(turns, tenant).conversation_id, client_message_id="a", text="How far?")
    assert said(taken.replies) == ["About How far?"]


def test_a_conversation_keeps_the_flows_that_it_began_on(world: World, database: Database, tenant: Tenant) -> None:
    turns = world.turns()
    before = opened(turns, tenant).conversation_id
    main = "nodes: [{id: a, type: message, text: Welcome!, next: b}, {id: b, type: nlu, next: [default: c]}, "
    main += "{id: c, type: message, text: New words., next: b}]"
    with_flows(database, tenant, main=main)
    after = turns.open(tenant)
    assert after.flow_version == 2
    talk = [turns.take(tenant, each, client_message_id="a", text="hm") for each in (before, after.conversation_id)]
    assert [said(each.replies) for each in talk] == [["About hm"], ["New words."]]
    assert [each.conversation.versions["flows"] for each in talk] == [1, 2]


def test_a_conversation_whose_state_is_damaged_starts_over_and_says_so(
    world: World, database: Database, tenant: Tenant
) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    with database.tenant(tenant.context) as session:
        session.execute(update(ConversationRow).values(state={"frames": "cut"}))
    taken = turns.take(tenant, conversation_id, client_message_id="a", text="hm")
    assert said(taken.replies) == [say("lost_thread", "en"), "Hi Ann, how can I help?"]
    assert said(turns.take(tenant, conversation_id, client_message_id="b", text="hm").replies) == ["About hm"]


def test_a_closed_conversation_opens_again_with_the_bot(world: World, database: Database, tenant: Tenant) -> None:
    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    with database.tenant(tenant.context) as session:
        session.execute(update(ConversationRow).values(status="closed"))
    taken = turns.take(tenant, conversation_id, client_message_id="a", text="hm")
    assert (taken.conversation.status, said(taken.replies)) == ("bot", ["About hm"])
    assert taken.replies[0].details.lineage["reopened"] is True


def test_a_listener_that_fails_hears_no_more_and_the_turn_is_stored(world: World, tenant: Tenant) -> None:
    def hang_up(event: TurnEvent) -> None:
        raise ConnectionResetError("the customer has gone")

    turns = world.turns()
    conversation_id = opened(turns, tenant).conversation_id
    taken = turns.take(tenant, conversation_id, client_message_id="a", text="hm", on_event=hang_up)
    assert said(taken.replies) == ["About hm"]
