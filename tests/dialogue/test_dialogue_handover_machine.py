"""Customers, agents, the bot and the clock in any order: who owns a conversation is never in doubt, nor what becomes of
a handover."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from dialogue_turns_world import World, opened, with_flows
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from passing_time import let_pass
from sqlalchemy import select

from components.core.errors import Conflict
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.database.tables import TicketRow
from components.helpdesk.conversations.changes import Change
from components.helpdesk.conversations.conversation import Conversation, Message
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.conversations.ownership import TRANSITIONS, read_changes
from components.helpdesk.handover.agents import Agent, Agents
from components.helpdesk.handover.arrivals import Arrivals
from components.helpdesk.handover.desk import Desk
from components.helpdesk.handover.queue_position import queue_position
from components.helpdesk.handover.timers import Timers
from components.helpdesk.local_tickets import LocalTickets
from components.helpdesk.local_workforce import LocalWorkforce
from components.helpdesk.outcomes import Outcomes

WINDOW = timedelta(hours=72)
TEXTS = ("How far?", "I want to talk to a human", "refund", "NT-1", "thanks", "start over", "something unknown")
CONVERSATIONS = st.integers(0, 1)
AGENTS = st.integers(0, 1)


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
        tickets = LocalTickets(self.database, LocalWorkforce(self.database))
        self.timers = Timers(self.database, Arrivals(self.database, tickets))
        self.staff = [self.hired(name) for name in ("Anna", "Ben")]
        self.ids = [opened(self.turns, self.tenant).conversation_id for _ in range(2)]
        self.sent = 0
        self.swept_at = datetime.now(UTC)

    def hired(self, name: str) -> Agent:
        email = f"{name.lower()}@example.com"
        return self.agents.create(self.tenant.context, email=email, name=name, password="correct horse battery")

    @rule(which=CONVERSATIONS, text=st.sampled_from(TEXTS))
    def customer_writes(self, which: int, text: str) -> None:
        self.sent += 1
        before = self.get(which).status
        taken = self.turns.take(self.tenant, self.ids[which], client_message_id=f"m{self.sent}", text=text)
        assert (taken.replies == ()) if before == "agent" else True

    @rule(which=CONVERSATIONS, who=AGENTS)
    def agent_claims(self, which: int, who: int) -> None:
        before = self.get(which)
        try:
            claimed = self.desk.claim(self.tenant.context, self.staff[who], self.ids[which])
        except Conflict:
            assert before.status in ("agent", "closed")
        else:
            assert (claimed.status, claimed.agent_id) == ("agent", self.staff[who].agent_id)

    @rule(which=CONVERSATIONS, who=AGENTS)
    def agent_writes(self, which: int, who: int) -> None:
        self.sent += 1
        self.as_owner(which, who, lambda agent, each: self.desk.say(
            self.tenant.context, agent, each, client_message_id=f"a{self.sent}", text="Hello"
        ))  # fmt: skip

    @rule(which=CONVERSATIONS, who=AGENTS, how=st.sampled_from(["release", "give_back", "resolve"]))
    def agent_leaves(self, which: int, who: int, how: str) -> None:
        self.as_owner(which, who, lambda agent, each: getattr(self.desk, how)(self.tenant.context, agent, each))

    @rule(which=CONVERSATIONS, who=AGENTS, team=st.booleans())
    def agent_passes_on(self, which: int, who: int, team: bool) -> None:
        other = self.staff[1 - who].agent_id

        def transfer(agent: Agent, conversation_id: UUID) -> Conversation:
            if team:
                return self.desk.transfer(self.tenant.context, agent, conversation_id, to_team="billing")
            return self.desk.transfer(self.tenant.context, agent, conversation_id, to_agent=other)

        self.as_owner(which, who, transfer)

    @rule(which=CONVERSATIONS, who=AGENTS, text=st.sampled_from(TEXTS))
    def agent_claims_while_the_customer_writes(self, which: int, who: int, text: str) -> None:
        with ThreadPoolExecutor(2) as pool:
            writing = pool.submit(self.customer_writes_whoever_owns, which, text)
            claiming = pool.submit(self.agent_claims_if_possible, which, who)
            writing.result(30)
            claiming.result(30)

    @rule(which=CONVERSATIONS, stars=st.integers(1, 5))
    def customer_rates(self, which: int, stars: int) -> None:
        try:
            self.outcomes.rate(self.tenant.context, self.ids[which], stars)
        except Conflict:
            assert not any(each.author == "agent" or each.reply_to for each in self.messages(which))

    @rule(hours=st.sampled_from([0.05, 0.2, 1.0, 25.0, 80.0]), swept=st.booleans())
    def time_passes(self, hours: float, swept: bool) -> None:
        let_pass(self.owner_url, self.tenant.context, hours=hours)
        self.swept_at -= timedelta(hours=hours)
        if swept:
            self.swept_at = datetime.now(UTC)
            self.timers.sweep(self.tenant)

    @invariant()
    def events_come_to_what_stands(self) -> None:
        for which in range(2):
            changes, stands = self.changes(which), self.get(which)
            assert [each.number for each in changes] == list(range(1, stands.changes + 1))
            status = "bot"
            for each in changes:
                assert each.status_before == status
                assert status in TRANSITIONS[each.kind].before
                assert each.status_after == TRANSITIONS[each.kind].after
                status = each.status_after
            assert stands.status == status
            assert (stands.agent_id is not None) if status == "agent" else True

    @invariant()
    def messages_have_no_gaps(self) -> None:
        for which in range(2):
            assert [each.sequence for each in self.messages(which)] == list(range(1, self.get(which).last_sequence + 1))

    @invariant()
    def no_bot_writes_while_an_agent_owns(self) -> None:
        for which in range(2):
            bots = [each.created_at for each in self.messages(which) if each.author == "bot"]
            changes = self.changes(which)
            for number, each in enumerate(changes):
                if each.status_after == "agent":
                    until = changes[number + 1].at if number + 1 < len(changes) else datetime.now(UTC)
                    assert not [moment for moment in bots if each.at < moment < until]

    @invariant()
    def who_waits_is_in_the_queue(self) -> None:
        waiting = [which for which in range(2) if self.get(which).status == "waiting"]
        listed = Conversations(self.database).list(self.tenant.context, status="waiting")
        assert {each.conversation_id for each in listed} == {self.ids[which] for which in waiting}
        with self.database.tenant(self.tenant.context) as session:
            for each in listed:
                ahead = [other for other in listed if other.team == each.team and other != each]
                place = queue_position(
                    session.connection(),
                    self.tenant.context,
                    team=each.team,
                    priority=each.priority,
                    since=each.waiting_since,
                )
                assert 1 <= place <= len(ahead) + 1

    @invariant()
    def a_handover_ends_with_people_or_a_ticket(self) -> None:
        with self.database.tenant(self.tenant.context) as session:
            numbers = set(session.scalars(select(TicketRow.number)))
        for which in range(2):
            changes = self.changes(which)
            if changes and changes[-1].kind == "expire" and changes[-1].status_before == "waiting":
                assert (self.get(which).handover or {})["ticket"] in numbers

    @invariant()
    def what_was_resolved_does_not_loop_back_to_the_bot(self) -> None:
        for which in range(2):
            for before, after in pairwise(self.changes(which)):
                if before.kind == "resolve" and after.kind == "restart":
                    said = [
                        each.text
                        for each in self.messages(which)
                        if each.author == "customer" and each.created_at <= after.at
                    ]
                    assert after.at - before.at > WINDOW or said[-1] == "start over"

    @invariant()
    def its_outcome_is_what_events_and_messages_tell(self) -> None:
        for each in self.ids:
            recorded = self.outcomes.get(self.tenant.context, each)
            told = self.outcomes.retold(self.tenant.context, each, as_of=self.swept_at, window=WINDOW)
            assert recorded == told

    def teardown(self) -> None:
        self.world.close()

    def as_owner(self, which: int, who: int, act: Callable[[Agent, UUID], object]) -> None:
        before, agent = self.get(which), self.staff[who]
        owns = before.status == "agent" and before.agent_id == agent.agent_id
        try:
            act(agent, self.ids[which])
        except Conflict:
            assert not owns
        else:
            assert owns

    def customer_writes_whoever_owns(self, which: int, text: str) -> None:
        self.sent += 1
        self.turns.take(self.tenant, self.ids[which], client_message_id=f"m{self.sent}", text=text)

    def agent_claims_if_possible(self, which: int, who: int) -> None:
        try:
            self.desk.claim(self.tenant.context, self.staff[who], self.ids[which])
        except Conflict:
            return

    def get(self, which: int) -> Conversation:
        return Conversations(self.database).get(self.tenant.context, self.ids[which])

    def messages(self, which: int) -> tuple[Message, ...]:
        return Conversations(self.database).messages(self.tenant.context, self.ids[which])

    def changes(self, which: int) -> tuple[Change, ...]:
        with self.database.tenant(self.tenant.context) as session:
            return read_changes(session.connection(), self.tenant.context, self.ids[which])


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
        ),
    )
