"""Customers, agents, the bot and the clock in any order: who owns a conversation is never in doubt, nor what becomes of
a handover."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from dialogue_turns_world import World, opened, with_flows
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from passing_time import let_pass
from sqlalchemy import select

from components.core.errors import Conflict
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.database.tables import TicketRow
from components.dialogue.turns import TakenTurn
from components.helpdesk.conversations.changes import Change
from components.helpdesk.conversations.conversation import Conversation, Message
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.conversations.ownership import TRANSITIONS, read_changes
from components.helpdesk.handover.agents import Agent, Agents
from components.helpdesk.handover.arrivals import Arrivals
from components.helpdesk.handover.desk import Desk
from components.helpdesk.handover.queue_position import queue_position
from components.helpdesk.handover.timers import Timers
from components.helpdesk.outcomes import Outcomes
from components.helpdesk.tickets.of_conversations import ConversationTickets
from components.helpdesk.tickets.tickets import Tickets
from tests.staff import hired

WINDOW = timedelta(hours=72)
TEXTS = st.sampled_from(
    ("How far?", "I want to talk to a human", "refund", "NT-1", "thanks", "start over", "something unknown")
)
ACTS = ("say", "release", "give_back", "resolve", "to_team", "to_agent")
CONVERSATIONS = st.integers(0, 1)
AGENTS = st.integers(0, 1)


@dataclass(frozen=True)
class Seen:
    """One conversation as it stands."""

    conversation: Conversation
    messages: tuple[Message, ...]
    changes: tuple[Change, ...]


class Floor(RuleBasedStateMachine):
    """Two conversations of one tenant, two agents, and the timers."""

    database: Database
    owner_url: str
    make_tenant: Callable[..., Tenant]

    def __init__(self) -> None:
        super().__init__()
        self.tenant = with_flows(self.database, self.make_tenant())
        self.world = World(self.database)
        self.turns = self.world.turns()
        self.agents = Agents(self.database)
        self.desk, self.outcomes = Desk(self.database, self.agents), Outcomes(self.database)
        tickets = ConversationTickets(self.database, Tickets(self.database))
        self.timers = Timers(self.database, Arrivals(self.database, tickets), Tickets(self.database))
        self.staff = [hired(self.database, self.tenant.context, name) for name in ("Anna", "Ben")]
        self.ids = [opened(self.turns, self.tenant).conversation_id for _ in range(2)]
        self.sent = 0
        self.swept_at = datetime.now(UTC)

    @rule(which=CONVERSATIONS, text=TEXTS)
    def customer_writes(self, which: int, text: str) -> None:
        before = self.get(which).status
        taken = self.write(which, text)
        assert before != "agent" or taken.replies == ()

    @rule(which=CONVERSATIONS, who=AGENTS)
    def agent_claims(self, which: int, who: int) -> None:
        before = self.get(which)
        try:
            claimed = self.desk.claim(self.tenant.context, self.staff[who], self.ids[which])
        except Conflict:
            assert before.status in ("agent", "closed")
        else:
            assert (claimed.status, claimed.agent_id) == ("agent", self.staff[who].agent_id)

    @rule(which=CONVERSATIONS, act=st.sampled_from(ACTS))
    def owner_acts(self, which: int, act: str) -> None:
        stands = self.get(which)
        if stands.status == "agent":
            self.act(act, next(each for each in self.staff if each.agent_id == stands.agent_id), which)

    @rule(which=CONVERSATIONS, who=AGENTS, act=st.sampled_from(ACTS))
    def nobody_else_acts(self, which: int, who: int, act: str) -> None:
        stands, agent = self.get(which), self.staff[who]
        if stands.status != "agent" or stands.agent_id != agent.agent_id:
            with pytest.raises(Conflict):
                self.act(act, agent, which)

    @rule(which=CONVERSATIONS, who=AGENTS, text=TEXTS)
    def agent_claims_while_the_customer_writes(self, which: int, who: int, text: str) -> None:
        def claim() -> None:
            with suppress(Conflict):
                self.desk.claim(self.tenant.context, self.staff[who], self.ids[which])

        with ThreadPoolExecutor(2) as pool:
            both = [pool.submit(self.write, which, text), pool.submit(claim)]
            for each in both:
                each.result(30)

    @rule(which=CONVERSATIONS, stars=st.integers(1, 5))
    def customer_rates(self, which: int, stars: int) -> None:
        try:
            self.outcomes.rate(self.tenant.context, self.ids[which], stars)
        except Conflict:
            messages = self.seen(which).messages
            assert not any(each.author == "agent" or (each.author == "bot" and each.reply_to) for each in messages)

    @rule(hours=st.sampled_from([0.05, 0.2, 1.0, 25.0, 80.0]), swept=st.booleans())
    def time_passes(self, hours: float, swept: bool) -> None:
        let_pass(self.owner_url, self.tenant.context, hours=hours)
        self.swept_at -= timedelta(hours=hours)
        if swept:
            self.swept_at = datetime.now(UTC)
            self.timers.sweep(self.tenant)

    @invariant()
    def all_is_well(self) -> None:
        for which in range(2):
            seen = self.seen(which)
            events_come_to_what_stands(seen)
            no_bot_writes_while_an_agent_owns(seen)
            what_was_resolved_does_not_loop_back(seen)
            self.a_handover_ends_with_people_or_a_ticket(seen)
            recorded = self.outcomes.get(self.tenant.context, self.ids[which])
            assert recorded == self.outcomes.retold(
                self.tenant.context, self.ids[which], as_of=self.swept_at, window=WINDOW
            )
        self.who_waits_is_in_the_queue()

    def who_waits_is_in_the_queue(self) -> None:
        waiting = {each for which, each in enumerate(self.ids) if self.get(which).status == "waiting"}
        listed = Conversations(self.database).list(self.tenant.context, status="waiting")
        assert {each.conversation_id for each in listed} == waiting
        with self.database.tenant(self.tenant.context) as session:
            places = [
                (
                    each.team,
                    queue_position(
                        session.connection(),
                        self.tenant.context,
                        team=each.team,
                        priority=each.priority,
                        since=each.waiting_since,
                    ),
                )
                for each in listed
            ]
        for team in {each for each, _ in places}:
            own = sorted(place for each, place in places if each == team)
            assert own == list(range(1, len(own) + 1))

    def a_handover_ends_with_people_or_a_ticket(self, seen: Seen) -> None:
        last = seen.changes[-1] if seen.changes else None
        if last is None or last.kind != "expire" or last.status_before != "waiting":
            return
        with self.database.tenant(self.tenant.context) as session:
            assert (seen.conversation.handover or {})["ticket"] in set(session.scalars(select(TicketRow.number)))

    def teardown(self) -> None:
        self.world.close()

    def write(self, which: int, text: str) -> TakenTurn:
        self.sent += 1
        return self.turns.take(self.tenant, self.ids[which], client_message_id=f"m{self.sent}", text=text)

    def act(self, act: str, agent: Agent, which: int) -> None:
        this = (self.tenant.context, agent, self.ids[which])
        self.sent += 1
        match act:
            case "say":
                self.desk.say(*this, client_message_id=f"a{self.sent}", text="Hello")
            case "release":
                self.desk.release(*this)
            case "give_back":
                self.desk.give_back(*this)
            case "resolve":
                self.desk.resolve(*this)
            case "to_team":
                self.desk.transfer(*this, to_team="billing")
            case "to_agent":
                self.desk.transfer(*this, to_agent=self.staff[0].agent_id)

    def get(self, which: int) -> Conversation:
        return Conversations(self.database).get(self.tenant.context, self.ids[which])

    def seen(self, which: int) -> Seen:
        conversation, messages, _ = Conversations(self.database).read(self.tenant.context, self.ids[which])
        with self.database.tenant(self.tenant.context) as session:
            return Seen(
                conversation, messages, read_changes(session.connection(), self.tenant.context, self.ids[which])
            )


def events_come_to_what_stands(seen: Seen) -> None:
    assert [each.number for each in seen.changes] == list(range(1, seen.conversation.changes + 1))
    assert [each.sequence for each in seen.messages] == list(range(1, seen.conversation.last_sequence + 1))
    status = "bot"
    for each in seen.changes:
        assert each.status_before == status
        assert status in TRANSITIONS[each.kind].before
        assert each.status_after == TRANSITIONS[each.kind].after
        status = each.status_after
    assert seen.conversation.status == status
    assert status != "agent" or seen.conversation.agent_id is not None


def no_bot_writes_while_an_agent_owns(seen: Seen) -> None:
    bots = [each.created_at for each in seen.messages if each.author == "bot"]
    for number, each in enumerate(seen.changes):
        if each.status_after == "agent":
            until = seen.changes[number + 1].at if number + 1 < len(seen.changes) else datetime.now(UTC)
            assert not [moment for moment in bots if each.at < moment < until]


def what_was_resolved_does_not_loop_back(seen: Seen) -> None:
    """Unless the customer wants it, or has stayed away for long."""
    for before, after in pairwise(seen.changes):
        if before.kind == "resolve" and after.kind == "restart":
            said = [each for each in seen.messages if each.author == "customer" and each.created_at <= after.at]
            assert after.at - before.at > WINDOW or said[-1].text == "start over"


def test_whoever_does_what_when_nobody_is_left_alone_and_nobody_is_talked_over(
    database: Database, postgres: DatabaseAddresses, make_tenant: Callable[..., Tenant]
) -> None:
    assert postgres.server is not None
    Floor.database, Floor.owner_url = database, postgres.server.url
    Floor.make_tenant = staticmethod(make_tenant)  # type: ignore[assignment]
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Floor,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            # Making a failure smaller takes many minutes here.
            phases=(Phase.generate,),
        ),
    )
