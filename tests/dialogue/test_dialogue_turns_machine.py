"""Messages, repeats, two clients at once and killed processes in any order: each message is answered once, in order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from dialogue_turns_process import Job, killed
from dialogue_turns_world import World, opened, with_flows
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.dialogue.turn_running import MOST_DEATHS
from components.helpdesk.conversations.conversations import Conversations

LEASE = 0.4
STEPS = ("after_accept", "after_nlu", "after_answer", "before_store", "after_store")


class Talk(RuleBasedStateMachine):
    """One conversation of two clients, in two Turns that know nothing of each other."""

    database: Database
    tenant: Tenant
    urls: tuple[str, str]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.database)
        self.clients = [self.world.turns(lease=LEASE), self.world.turns(lease=LEASE)]
        self.conversation_id = opened(self.clients[0], self.tenant).conversation_id
        self.sent: list[str] = []
        self.killed_since = 0

    def take(self, client: int, number: int) -> None:
        taken = self.clients[client].take(
            self.tenant, self.conversation_id, client_message_id=f"m{number}", text=f"message {number}"
        )
        assert [each.text for each in taken.replies] == [f"About message {number}"]

    def next(self) -> int:
        self.sent.append(f"message {len(self.sent)}")
        return len(self.sent) - 1

    @rule(client=st.integers(0, 1))
    def send(self, client: int) -> None:
        self.take(client, self.next())
        self.killed_since = 0

    @rule(data=st.data(), client=st.integers(0, 1))
    @precondition(lambda self: self.sent)
    def repeat(self, data: st.DataObject, client: int) -> None:
        self.take(client, data.draw(st.integers(0, len(self.sent) - 1)))

    @rule()
    def send_two_at_once(self) -> None:
        numbers = (self.next(), self.next())
        with ThreadPoolExecutor(2) as pool:
            assert all(each is None for each in pool.map(self.take, (0, 1), numbers))

    @rule(at=st.sampled_from(STEPS))
    @precondition(lambda self: self.killed_since < MOST_DEATHS - 1)
    def be_killed(self, at: str) -> None:
        self.killed_since += 1
        number = self.next()
        message = (f"m{number}", f"message {number}")
        killed(Job(self.urls, self.tenant, self.conversation_id, (message,), LEASE, at))

    @rule(client=st.integers(0, 1))
    def resume(self, client: int) -> None:
        self.clients[client].resume(self.tenant, self.conversation_id)

    @invariant()
    def everything_stored_is_whole(self) -> None:
        messages = Conversations(self.database).messages(self.tenant.context, self.conversation_id)
        assert [each.sequence for each in messages] == list(range(1, len(messages) + 1))
        customers = [each for each in messages if each.author == "customer"]
        assert sorted(each.text for each in customers) == sorted(self.sent)
        expected = [(each.sequence, f"About {each.text}") for each in customers if each.handled]
        assert [(each.reply_to, each.text) for each in messages if each.reply_to] == expected

    def teardown(self) -> None:
        while Conversations(self.database).read(self.tenant.context, self.conversation_id)[2]:
            self.clients[0].resume_all([self.tenant])
        self.everything_stored_is_whole()
        self.world.close()


def test_whatever_happens_every_message_is_answered_once_in_order(
    database: Database, postgres: DatabaseAddresses, make_tenant: Callable[..., Tenant]
) -> None:
    Talk.database, Talk.tenant, Talk.urls = (
        database,
        with_flows(database, make_tenant()),
        (postgres.app, postgres.operator),
    )
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Talk,
        settings=settings(
            max_examples=6, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck), database=None
        ),
    )
