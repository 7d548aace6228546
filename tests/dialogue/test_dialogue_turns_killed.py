"""Processes that die, stall or compete: every message is answered once, in its order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import UUID

import psutil
import pytest
from dialogue_turns_process import Job, killed, start
from dialogue_turns_world import World, opened, said, with_flows
from sqlalchemy import func, select

from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.database.tables import TicketRow
from components.dialogue.turn_running import MOST_DEATHS
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.wording import say

LEASE = 1.0


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    world = World(database)
    yield world
    world.close()


@pytest.fixture
def tenant(database: Database, make_tenant: Callable[..., Tenant]) -> Tenant:
    return with_flows(database, make_tenant())


@pytest.fixture
def urls(postgres: DatabaseAddresses) -> tuple[str, str]:
    return postgres.app, postgres.operator


def tickets(database: Database, tenant: Tenant) -> int:
    with database.tenant(tenant.context) as session:
        return session.scalars(select(func.count()).select_from(TicketRow)).one()


def transcript(database: Database, tenant: Tenant, conversation_id: UUID) -> list[str]:
    messages = Conversations(database).messages(tenant.context, conversation_id)
    assert [each.sequence for each in messages] == list(range(1, len(messages) + 1))
    return said(messages)


@pytest.mark.parametrize("at", ["after_accept", "after_nlu", "after_answer", "before_store", "after_store"])
def test_a_process_killed_in_a_turn_loses_nothing_and_repeats_nothing(
    world: World, database: Database, tenant: Tenant, urls: tuple[str, str], at: str
) -> None:
    turns = world.turns(lease=LEASE)
    conversation_id = opened(turns, tenant).conversation_id
    killed(Job(urls, tenant, conversation_id, (("a", "How far?"),), LEASE, at))
    again = turns.take(tenant, conversation_id, client_message_id="a", text="How far?")
    assert again.repeated
    assert said(again.replies) == ["About How far?"]
    assert transcript(database, tenant, conversation_id)[1:] == ["How far?", "About How far?"]
    assert len(world.knowledge.asked) == (0 if at == "after_store" else 1)


@pytest.mark.parametrize("at", ["after_work", "before_store", "after_store"])
def test_a_process_killed_after_its_order_opens_no_second_ticket(
    world: World, database: Database, tenant: Tenant, urls: tuple[str, str], at: str
) -> None:
    turns = world.turns(lease=LEASE)
    conversation_id = opened(turns, tenant).conversation_id
    turns.take(tenant, conversation_id, client_message_id="a", text="refund")
    killed(Job(urls, tenant, conversation_id, (("b", "NT-1"),), LEASE, at))
    assert tickets(database, tenant) == 1
    assert turns.resume_all([tenant]) == (0 if at == "after_store" else 1)
    again = turns.take(tenant, conversation_id, client_message_id="b", text="NT-1")
    assert said(again.replies) == ["I have opened ticket #1."]
    assert tickets(database, tenant) == 1
    assert transcript(database, tenant, conversation_id)[3:] == ["NT-1", "I have opened ticket #1."]


def test_a_process_stopped_past_its_lease_stores_nothing_when_it_goes_on(
    world: World, database: Database, tenant: Tenant, urls: tuple[str, str]
) -> None:
    turns = world.turns(lease=LEASE)
    conversation_id = opened(turns, tenant).conversation_id
    process, receiving = start(
        Job(urls, tenant, conversation_id, (("a", "How far?"),), LEASE, "before_store", signal.SIGSTOP)
    )
    stopped = psutil.Process(process.pid)
    until = time.monotonic() + 60
    while stopped.status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < until, "the process did not stop"
        time.sleep(0.05)
    taken = turns.take(tenant, conversation_id, client_message_id="a", text="How far?")
    moved_on = turns.take(tenant, conversation_id, client_message_id="b", text="And back?")
    stopped.resume()
    assert receiving.poll(60)
    assert receiving.recv() == [("About How far?",)]
    process.join(60)
    assert said(taken.replies) == ["About How far?"]
    assert transcript(database, tenant, conversation_id)[1:] == [
        "How far?",
        "About How far?",
        "And back?",
        "About And back?",
    ]
    assert Conversations(database).get(tenant.context, conversation_id) == moved_on.conversation


def test_a_message_that_kills_every_process_is_apologised_for_in_the_end(
    world: World, tenant: Tenant, urls: tuple[str, str]
) -> None:
    turns = world.turns(lease=0.3)
    conversation_id = opened(turns, tenant).conversation_id
    for _ in range(MOST_DEATHS):
        killed(Job(urls, tenant, conversation_id, (("a", "How far?"),), 0.3, "after_nlu"))
    taken = turns.take(tenant, conversation_id, client_message_id="a", text="How far?")
    assert said(taken.replies) == [say("apology_handover", "en"), say("queue_position", "en", position="1")]
    assert taken.conversation.status == "waiting"
    assert world.knowledge.asked == []


def test_two_processes_on_one_conversation_answer_every_message_once_in_order(
    world: World, database: Database, tenant: Tenant, urls: tuple[str, str]
) -> None:
    conversation_id = opened(world.turns(), tenant).conversation_id
    jobs = [
        Job(urls, tenant, conversation_id, tuple((f"{name}{n}", f"message {name}{n}") for n in range(12)), threads=3)
        for name in ("x", "y")
    ]
    running = [start(job) for job in jobs]
    for job, (process, receiving) in zip(jobs, running, strict=True):
        assert receiving.poll(120)
        assert receiving.recv() == [(f"About {text}",) for _, text in job.messages]
        process.join(60)
    messages = Conversations(database).messages(tenant.context, conversation_id)
    assert [each.sequence for each in messages] == list(range(1, 50))
    replies = [each.reply_to for each in messages if each.author == "bot" and each.reply_to]
    assert replies == [each.sequence for each in messages if each.author == "customer"]
    assert all(each.handled for each in messages)


def test_a_turn_that_takes_longer_than_a_lease_is_left_to_who_works_on_it(world: World, tenant: Tenant) -> None:
    world.knowledge.gate = Event()
    turns, elsewhere = world.turns(lease=LEASE), world.turns(lease=LEASE)
    conversation_id = opened(turns, tenant).conversation_id
    with ThreadPoolExecutor(1) as pool:
        began = Event()
        first = pool.submit(
            turns.take, tenant, conversation_id, client_message_id="a", text="long", on_event=lambda event: began.set()
        )
        assert began.wait(10)
        until = time.monotonic() + 2.5 * LEASE
        while time.monotonic() < until:
            assert not elsewhere.resume(tenant, conversation_id)
            time.sleep(0.1)
        world.knowledge.gate.set()
        assert said(first.result(20).replies) == ["About long"]
    assert world.knowledge.asked == ["long"]
