"""A handover always ends in the queue or in a ticket, and the customer is told which; who comes back reaches people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from dialogue_turns_process import Job, killed
from dialogue_turns_world import World, opened, said, with_flows
from passing_time import let_pass
from sqlalchemy import select

from components.core.errors import WorkflowUnavailable
from components.core.tenant import Tenant, TenantContext
from components.core.tickets import TicketRequest
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.database.tables import TicketRow
from components.dialogue.turns import TakenTurn, Turns
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.conversations.ownership import read_changes
from components.helpdesk.handover.agents import Agent, Agents
from components.helpdesk.handover.arrivals import Arrivals
from components.helpdesk.handover.desk import Desk
from components.helpdesk.handover.timers import Timers
from components.helpdesk.outbox.undelivered import tell_agents
from components.helpdesk.tickets.of_conversations import ConversationTickets
from components.helpdesk.tickets.ticket_event import Actor
from components.helpdesk.tickets.ticket_input import TicketChange
from components.helpdesk.tickets.tickets import Tickets
from components.helpdesk.wording import say

HUMAN = "I want to talk to a human"
# A Saturday.
SATURDAY = datetime(2026, 11, 28, 12, tzinfo=UTC)
WEEKDAYS = {
    "time_zone": "Europe/Vienna",
    "hours": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
}
MONDAY = "2026-11-30 (Monday) 09:00 CET"


class NoTickets:
    """Keeps TicketOffice: one that is out of reach."""

    def create(self, tenant: TenantContext, request: TicketRequest, *, deadline: float) -> int:
        raise WorkflowUnavailable("the ticket system does not answer")

    def reopen(self, tenant: TenantContext, conversation_id: UUID) -> int | None:
        raise WorkflowUnavailable("the ticket system does not answer")


class Talk:
    """A customer of one conversation, and the people of the helpdesk."""

    def __init__(self, world: World, tenant: Tenant, owner_url: str) -> None:
        self.world, self.tenant, self._owner_url = world, tenant, owner_url
        self.turns: Turns = world.turns(lease=1.0)
        self.agents = Agents(world.database)
        self.desk = Desk(world.database, self.agents)
        self.conversation_id = opened(self.turns, tenant).conversation_id
        self._messages = 0

    def say(self, text: str) -> TakenTurn:
        self._messages += 1
        return self.turns.take(self.tenant, self.conversation_id, client_message_id=f"m{self._messages}", text=text)

    def resolved_by(self, name: str) -> Agent:
        email = f"{name.lower()}@example.com"
        agent = self.agents.create(self.tenant.context, email=email, name=name, password="correct horse battery")
        self.desk.claim(self.tenant.context, agent, self.conversation_id)
        self.desk.say(self.tenant.context, agent, self.conversation_id, client_message_id="a1", text="Done.")
        self.desk.resolve(self.tenant.context, agent, self.conversation_id)
        return agent

    def let_pass(self, **time: float) -> None:
        let_pass(self._owner_url, self.tenant.context, **time)

    def sweep(self) -> None:
        tickets = ConversationTickets(self.world.database, Tickets(self.world.database))
        Timers(self.world.database, Arrivals(self.world.database, tickets), Tickets(self.world.database)).sweep(
            self.tenant
        )

    def tickets(self) -> list[TicketRow]:
        with self.world.database.tenant(self.tenant.context) as session:
            return list(session.scalars(select(TicketRow).order_by(TicketRow.number)))

    def kinds(self) -> list[str]:
        with self.world.database.tenant(self.tenant.context) as session:
            changes = read_changes(session.connection(), self.tenant.context, self.conversation_id)
        return [each.kind for each in changes]


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    world = World(database)
    yield world
    world.close()


@pytest.fixture
def make_talk(
    world: World, database: Database, make_tenant: Callable[..., Tenant], postgres: DatabaseAddresses
) -> Callable[..., Talk]:
    """handover: of the tenant's configuration."""
    assert postgres.server is not None
    url = postgres.server.url
    return lambda **handover: Talk(world, with_flows(database, make_tenant(config={"handover": handover})), url)


def test_who_is_handed_over_is_told_their_place_in_the_queue(make_talk: Callable[..., Talk]) -> None:
    first = make_talk()
    second = Talk(first.world, first.tenant, "")
    for place, talk in (("1", first), ("2", second)):
        taken = talk.say(HUMAN)
        assert said(taken.replies) == [say("handover", "en"), say("queue_position", "en", position=place)]
        assert [each.author for each in taken.replies] == ["bot", "system"]
        assert taken.conversation.status == "waiting"
    assert first.tickets() == []


def test_outside_business_hours_there_is_a_ticket_and_a_time(make_talk: Callable[..., Talk], world: World) -> None:
    world.clock = lambda: SATURDAY
    talk = make_talk(**WEEKDAYS)
    taken = talk.say(HUMAN)
    (ticket,) = talk.tickets()
    assert taken.replies[-1].text == say("out_of_hours", "en", ticket=str(ticket.number), opening=MONDAY)
    assert (taken.conversation.status, taken.conversation.handover["ticket"]) == ("waiting", 1)  # type: ignore[index]
    assert (ticket.session_id, ticket.order_key) == (talk.conversation_id, f"handover/{talk.conversation_id}/2")
    assert HUMAN in (ticket.subject or "")


def test_a_ticket_that_could_not_be_made_is_not_claimed(make_talk: Callable[..., Talk], world: World) -> None:
    world.clock, world.tickets = lambda: SATURDAY, NoTickets()
    taken = make_talk(**WEEKDAYS).say(HUMAN)
    assert taken.replies[-1].text == say("nobody_here_until", "en", opening=MONDAY)
    assert taken.conversation.status == "waiting"
    never = make_talk(hours={}).say(HUMAN)
    assert never.replies[-1].text == say("nobody_here", "en")


def test_who_never_opens_promises_no_time(make_talk: Callable[..., Talk]) -> None:
    talk = make_talk(hours={})
    assert talk.say(HUMAN).replies[-1].text == say("no_opening", "en", ticket="1")


def test_an_opening_may_hand_over_too(world: World, database: Database, make_tenant: Callable[..., Tenant]) -> None:
    main = "nodes: [{id: a, type: handover, reason: asked_by_flow, text: One moment.}]"
    tenant = with_flows(database, make_tenant(config={"handover": {"hours": {}}}), main=main)
    conversation = opened(world.turns(), tenant)
    messages = Conversations(database).messages(tenant.context, conversation.conversation_id)
    assert said(messages) == ["One moment.", say("no_opening", "en", ticket="1")]
    assert conversation.status == "waiting"


@pytest.mark.parametrize("at", ["after_arrival", "before_store", "after_store"])
def test_a_process_killed_in_a_handover_makes_one_ticket_and_tells_its_number(
    make_talk: Callable[..., Talk], postgres: DatabaseAddresses, at: str
) -> None:
    talk = make_talk(hours={})
    killed(Job((postgres.app, postgres.operator), talk.tenant, talk.conversation_id, (("m1", HUMAN),), 1.0, at))
    taken = talk.say(HUMAN)
    assert taken.repeated
    assert said(taken.replies) == [say("handover", "en"), say("no_opening", "en", ticket="1")]
    assert len(talk.tickets()) == 1


def test_who_writes_soon_after_it_was_resolved_reaches_the_same_agent_and_no_bot(
    make_talk: Callable[..., Talk], world: World
) -> None:
    talk = make_talk()
    talk.say(HUMAN)
    anna = talk.resolved_by("Anna")
    talk.let_pass(hours=71)
    taken = talk.say("It does not work after all")
    assert said(taken.replies) == [say("reopened", "en"), say("queue_position", "en", position="1")]
    assert (taken.conversation.status, taken.conversation.agent_id) == ("waiting", anna.agent_id)
    assert taken.conversation.handover is not None
    assert taken.conversation.handover["reason"] == "came_back"
    assert taken.conversation.handover["messages"][-1]["text"] == "It does not work after all"
    assert world.knowledge.asked == []
    assert talk.kinds() == ["request", "claim", "resolve", "reopen"]


def test_a_reply_that_could_not_be_delivered_after_the_end_sends_nobody_back_to_the_bot(
    make_talk: Callable[..., Talk],
) -> None:
    talk = make_talk()
    talk.say(HUMAN)
    anna = talk.resolved_by("Anna")
    with talk.world.database.tenant(talk.tenant.context) as session:
        tell_agents(session.connection(), talk.tenant.context, talk.conversation_id, 2, "slack", "channel_not_found")
    taken = talk.say("It does not work after all")
    assert (taken.conversation.status, taken.conversation.agent_id) == ("waiting", anna.agent_id)


def test_its_ticket_is_opened_again_and_there_is_no_second_one(make_talk: Callable[..., Talk]) -> None:
    talk = make_talk(hours={})
    talk.say(HUMAN)
    talk.resolved_by("Anna")
    tickets = Tickets(talk.world.database)
    tickets.change(talk.tenant.context, 1, TicketChange(status="resolved"), actor=Actor("agent"))
    taken = talk.say("It does not work after all")
    assert said(taken.replies) == [say("reopened", "en"), say("no_opening", "en", ticket="1")]
    assert [each.status for each in talk.tickets()] == ["open"]


@pytest.mark.parametrize("text", ["thanks", "Thanks a lot!", "many thanks, Anna", "Merci beaucoup !"])
def test_a_thank_you_is_answered_and_it_stays_closed(make_talk: Callable[..., Talk], text: str) -> None:
    talk = make_talk()
    talk.say(HUMAN)
    talk.resolved_by("Anna")
    for _ in range(2):
        taken = talk.say(text)
        assert said(taken.replies) == [say("you_are_welcome", taken.conversation.language)]
        assert taken.conversation.status == "closed"
        assert "reopened" not in taken.replies[0].details.lineage
    assert talk.say("It broke again").conversation.status == "waiting"


@pytest.mark.parametrize(
    "text",
    [
        "thanks but it still fails",
        "thanks, and my other order?",
        "thanks for nothing",
        "thanks, can you call me",
        "thanks?",
    ],
)
def test_a_thank_you_with_something_more_reaches_people(make_talk: Callable[..., Talk], text: str) -> None:
    talk = make_talk()
    talk.say(HUMAN)
    talk.resolved_by("Anna")
    assert talk.say(text).conversation.status == "waiting"


def test_where_nothing_understands_only_the_plainest_thank_you_is_one(
    make_talk: Callable[..., Talk], world: World
) -> None:
    talk = make_talk()
    talk.say(HUMAN)
    talk.resolved_by("Anna")
    world.nlu.down = True
    assert talk.say("thanks").conversation.status == "closed"
    assert talk.say("thanks to you all").conversation.status == "waiting"


def test_who_wants_to_start_over_is_the_bots(make_talk: Callable[..., Talk]) -> None:
    talk = make_talk()
    talk.say(HUMAN)
    talk.resolved_by("Anna")
    taken = talk.say("start over")
    assert taken.conversation.status == "bot"
    assert taken.replies[0].text.startswith(say("started_over", "en"))


def test_who_comes_back_late_begins_afresh_with_the_bot(make_talk: Callable[..., Talk]) -> None:
    talk = make_talk()
    talk.say("refund")
    talk.say(HUMAN)
    talk.resolved_by("Anna")
    talk.let_pass(hours=73)
    taken = talk.say("How far?")
    assert (taken.conversation.status, said(taken.replies)) == ("bot", ["About How far?"])
    assert taken.conversation.agent_id is None
    assert talk.kinds()[-1] == "restart"


def test_a_conversation_that_was_closed_for_silence_begins_afresh(make_talk: Callable[..., Talk]) -> None:
    talk = make_talk()
    assert said(talk.say("refund").replies) == ["Which order?"]
    talk.let_pass(hours=25)
    talk.sweep()
    taken = talk.say("How far?")
    assert said(taken.replies) == ["About How far?"]
    assert said(talk.say("refund").replies) == ["Which order?"]
    assert said(talk.say("NT-1").replies) == ["I have opened ticket #1."]
    assert talk.kinds() == ["expire", "restart"]
