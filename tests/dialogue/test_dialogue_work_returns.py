"""Work that a conversation does not wait for: nothing is claimed before it is done, and it is told once when it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from dialogue_turns_world import MAIN, World, opened, said, with_flows
from sqlalchemy import select, update

from components.agents.plans.library import Plans, tool_schemas
from components.agents.run import NewRun
from components.core.outbox import Delivery, Failed, Later, Outgoing, Sent
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import ConversationRow, OutboxRow, TicketRow, WorkRunRow
from components.dialogue.turns import TakenTurn, Turns
from components.dialogue.work_returns import RETURN, WorkReturns
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.handover.agents import Agents
from components.helpdesk.handover.arrivals import Arrivals
from components.helpdesk.handover.desk import Desk
from components.helpdesk.shop import import_shop
from components.helpdesk.shop_file import read_shop
from components.helpdesk.tenants import TenantRegistry
from components.helpdesk.tickets.of_conversations import ConversationTickets
from components.helpdesk.tickets.tickets import Tickets
from components.helpdesk.wording import say
from tests.dialogue.dialogue_workforce import Works

SHOP = Path(__file__).parents[2] / "deploy" / "demo" / "northtrail" / "shop.yaml"
# Delivered, 64.70.
ORDER = "NT-20418873"
PERMITTED: dict[str, Any] = {"lookup_order": {}, "refund_order": {}, "cancel_refund": {}}
REFUND = """
nodes:
  - {id: ask_order, type: ask, slot: order, text: "Which order?", validate: {type: text, pattern: 'NT-\\d+'},
     next: open}
  - {id: open, type: workflow, workflow: refund, goal: Process refund, save_as: refund,
     arguments: {order_number: "{{ order }}", reason: "{{ message }}"}, failed: why,
     later: "Order {{ order }}: {% if refund.refunded %}paid out{% else %}not paid out{% endif %}.
       Ticket #{{ refund.ticket_number }}.", next: done}
  - {id: done, type: message, text: "Your refund is processed. Ticket #{{ refund.ticket_number }}."}
  - {id: why, type: message, text: "Not done: {{ work_error.code }}"}
"""


FIND = """
goal: Find it
steps:
  - id: order
    tool: lookup_order
    arguments: {order_number: NT-1}
    on_error: hand_over
result: {summary: "Found."}
"""


class Shopper:
    """A customer of one conversation in a shop of its own, and all that works for it."""

    def __init__(self, database: Database, tenant: Tenant, refund: str = REFUND) -> None:
        self.database, self.tenant = database, with_flows(database, tenant, main=MAIN, refund=refund)
        import_shop(database, tenant.context, read_shop(SHOP))
        self.works = Works(database)
        self.world = World(database, workforce=self.works.workforce)
        self.turns: Turns = self.world.turns()
        self.conversation_id = opened(self.turns, tenant).conversation_id
        arrivals = Arrivals(database, ConversationTickets(database, Tickets(database)))
        self.returns = WorkReturns(database, TenantRegistry(database, Path()), arrivals)
        self._messages = 0

    def say(self, text: str) -> TakenTurn:
        self._messages += 1
        return self.turns.take(self.tenant, self.conversation_id, client_message_id=f"m{self._messages}", text=text)

    def asks(self) -> TakenTurn:
        self.say("I want a refund")
        return self.say(ORDER)

    def decide(self, approve: bool) -> None:
        (pending,) = self.works.approvals.search(self.tenant.context, status="pending")
        self.works.approvals.decide(self.tenant.context, pending.approval_id, approve=approve, agent_id=uuid4())
        while self.works.foreman().work_due(self.tenant.context):
            pass

    def outgoing(self) -> list[Outgoing]:
        query = select(OutboxRow).where(OutboxRow.kind == RETURN)
        with self.database.tenant(self.tenant.context) as session:
            return [Outgoing(each.outbox_id, each.key, each.kind, each.payload, 1) for each in session.scalars(query)]

    def returned(self) -> Delivery:
        (outgoing,) = self.outgoing()
        return self.returns.send(self.tenant.context, outgoing)

    def messages(self, after: int = 0) -> list[tuple[str, str]]:
        found = Conversations(self.database).messages(self.tenant.context, self.conversation_id, after=after)
        return [(each.author, each.text) for each in found]

    def status(self) -> str:
        return str(Conversations(self.database).get(self.tenant.context, self.conversation_id).status)

    def tickets(self) -> int:
        with self.database.tenant(self.tenant.context) as session:
            return len(session.scalars(select(TicketRow)).all())


@pytest.fixture
def shopping(database: Database, make_tenant: Callable[..., Tenant]) -> Iterator[Callable[..., Shopper]]:
    made: list[Shopper] = []

    def make(limit: float = 50, refund: str = REFUND, **config: Any) -> Shopper:
        tenant = make_tenant(config={"tools": PERMITTED, "actions": {"limit": limit}, **config})
        made.append(Shopper(database, tenant, refund))
        return made[-1]

    yield make
    for each in made:
        each.world.close()


def test_below_the_limit_it_is_done_in_the_turn(shopping: Callable[..., Shopper]) -> None:
    shopper = shopping(limit=100)
    assert said(shopper.asks().replies) == ["Your refund is processed. Ticket #1."]
    assert shopper.outgoing() == []


def test_above_the_limit_it_is_told_once_a_person_has_approved_it(shopping: Callable[..., Shopper]) -> None:
    shopper = shopping()
    waiting = said(shopper.asks().replies)
    assert waiting == [f"{say('work_approval', 'en')} {say('anything_else', 'en')}"]
    assert shopper.tickets() == 0
    known = len(shopper.messages())
    shopper.decide(approve=True)
    assert isinstance(shopper.returned(), Sent)
    told = shopper.messages()[known:]
    assert ("bot", f"Order {ORDER}: paid out. Ticket #1.") in told
    assert sum(author == "bot" for author, _ in told) == 1
    assert shopper.returned() == Sent({"repeated": True})
    assert shopper.messages()[known:] == told
    assert said(shopper.say("opening hours").replies) == ["About opening hours"]


def test_what_a_person_refuses_is_told_as_not_done(shopping: Callable[..., Shopper]) -> None:
    shopper = shopping()
    shopper.asks()
    shopper.decide(approve=False)
    shopper.returned()
    assert ("bot", f"Order {ORDER}: not paid out. Ticket #1.") in shopper.messages()


def test_what_fails_later_is_a_persons(shopping: Callable[..., Shopper]) -> None:
    one = REFUND.replace("workflow, workflow: refund, goal: Process refund", "tool, tool: refund_order").replace(
        "arguments: {order_number", "input: {order_number"
    )
    shopper = shopping(refund=one)
    shopper.asks()
    shopper.decide(approve=False)
    shopper.returned()
    assert shopper.status() == "waiting"
    texts = [text for _, text in shopper.messages()]
    assert any(text.startswith(say("work_failed", "en")) for text in texts)
    with shopper.database.tenant(shopper.tenant.context) as session:
        handover = session.scalars(select(ConversationRow.handover)).one()
    assert handover["reason"] == "work_failed"
    assert "refused" in handover["run"]["reason"]


def test_a_goal_that_is_handed_over_out_of_hours_makes_a_ticket_and_says_so(
    shopping: Callable[..., Shopper],
) -> None:
    shopper = shopping(handover={"hours": {}})
    works, context = shopper.works, shopper.tenant.context
    Plans(shopper.database).save(context, "find", FIND, author="tests", tools=tool_schemas(works.tools, shopper.tenant))
    new = NewRun("goal", "Find it", "one", {}, {}, "api", goal="Find it", conversation_id=shopper.conversation_id)
    assert works.workshop.run(context, new, seconds=10).status == "handed_over"
    known = len(shopper.messages())
    assert isinstance(shopper.returned(), Sent)
    ((author, text),) = shopper.messages()[known:]
    assert (author, "#1" in text, shopper.tickets(), shopper.status()) == ("system", True, 1, "waiting")
    assert shopper.returned() == Sent({"repeated": True})
    assert (len(shopper.messages()), shopper.tickets()) == (known + 1, 1)


def test_the_bot_does_not_speak_into_an_agents_conversation(shopping: Callable[..., Shopper]) -> None:
    shopper = shopping()
    shopper.asks()
    agents = Agents(shopper.database)
    anna = agents.create(shopper.tenant.context, email="a@example.com", name="Anna", password="correct horse battery")
    Desk(shopper.database, agents).claim(shopper.tenant.context, anna, shopper.conversation_id)
    known = shopper.messages()
    shopper.decide(approve=True)
    assert shopper.returned() == Sent({"skipped": "an agent has the conversation"})
    assert shopper.messages() == known


def test_it_is_told_after_the_turn_that_is_under_way(shopping: Callable[..., Shopper], database: Database) -> None:
    shopper = shopping()
    shopper.asks()
    shopper.decide(approve=True)
    busy = {"turn_owner": uuid4(), "turn_until": datetime.now(UTC) + timedelta(seconds=30)}
    with database.tenant(shopper.tenant.context) as session:
        session.execute(update(ConversationRow).values(busy))
    assert isinstance(shopper.returned(), Later)
    with database.tenant(shopper.tenant.context) as session:
        session.execute(update(ConversationRow).values(turn_owner=None, turn_until=None))
    assert isinstance(shopper.returned(), Sent)


def test_a_flow_is_told_why_something_was_not_done(shopping: Callable[..., Shopper]) -> None:
    one = REFUND.replace("workflow, workflow: refund, goal: Process refund", "tool, tool: refund_order").replace(
        "arguments: {order_number", "input: {order_number"
    )
    shopper = shopping(limit=1000, refund=one)
    shopper.say("I want a refund")
    assert said(shopper.say("NT-20419120").replies) == ["Not done: tool_refused"]


def test_what_a_flow_does_not_know_is_not_given_to_the_tool(shopping: Callable[..., Shopper]) -> None:
    one = REFUND.replace("workflow, workflow: refund, goal: Process refund", "tool, tool: create_ticket").replace(
        'arguments: {order_number: "{{ order }}", reason: "{{ message }}"}',
        'input: {subject: "{{ order }}", email: "{{ user.email }}"}',
    )
    shopper = shopping(refund=one)
    shopper.say("I want a refund")
    assert said(shopper.say(ORDER).replies) == ["Your refund is processed. Ticket #1."]


def test_the_same_order_again_is_the_same_run(shopping: Callable[..., Shopper]) -> None:
    shopper = shopping()
    shopper.asks()
    with shopper.database.tenant(shopper.tenant.context) as session:
        runs = session.scalars(select(WorkRunRow)).all()
    assert [(each.kind, each.name, each.caller, each.goal) for each in runs] == [
        ("workflow", "refund", "flow", "Process refund")
    ]


def test_no_tenant_is_told_of_anothers_work(shopping: Callable[..., Shopper]) -> None:
    shopper, other = shopping(), shopping()
    shopper.asks()
    shopper.decide(approve=True)
    (outgoing,) = shopper.outgoing()
    known = other.messages()
    assert isinstance(other.returns.send(other.tenant.context, outgoing), Failed)
    assert other.messages() == known


def test_a_tool_that_may_not_be_called_by_flows_is_not(shopping: Callable[..., Shopper]) -> None:
    one = REFUND.replace("workflow, workflow: refund, goal: Process refund", "tool, tool: create_ticket").replace(
        'arguments: {order_number: "{{ order }}", reason: "{{ message }}"}', 'input: {subject: "{{ order }}"}'
    )
    shopper = shopping(refund=one, tools={"create_ticket": {"callers": ["agent"]}})
    shopper.say("I want a refund")
    assert said(shopper.say(ORDER).replies) == ["Not done: tool_not_allowed"]
    assert shopper.tickets() == 0
