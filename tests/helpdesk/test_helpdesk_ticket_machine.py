"""Whatever is done to tickets in whatever order, each row is what its events come to, and nothing is done twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from ticket_times import OFFICE, Clock, monday

from components.core.errors import Conflict, InvalidInput
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import OutboxRow
from components.helpdesk.handover.agents import Agents
from components.helpdesk.tickets.changing import TRANSITIONS
from components.helpdesk.tickets.priorities import PRIORITIES
from components.helpdesk.tickets.ticket import STATUSES, Requester, Ticket, fold
from components.helpdesk.tickets.ticket_event import Actor
from components.helpdesk.tickets.ticket_input import NOBODY, Comment, NewTicket, TicketChange
from components.helpdesk.tickets.tickets import Tickets

CONFIG = {**OFFICE, "ticket_webhook": {"url": "https://tickets.example/in", "secret": "env:WEBHOOK_SECRET"}}
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip())
)
CHANGES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(STATUSES),
        "priority": st.sampled_from(PRIORITIES),
        "assigned_to": st.sampled_from(["somebody", NOBODY]),
        "team": st.sampled_from(["", "billing", "returns"]),
        "tags": st.lists(st.sampled_from(["vip", "zip", "tent"]), max_size=3),
        "subject": TEXTS,
    },
).filter(bool)


class TicketMachine(RuleBasedStateMachine):
    """Many wishes are refused; a refused one leaves nothing behind."""

    tickets = Bundle("tickets")

    def __init__(self, database: Database, tenant: Tenant, agent: Actor) -> None:
        super().__init__()
        self.database, self.tenant, self.agent = database, tenant.context, agent
        self.clock = Clock(monday(9))
        self.service = Tickets(database, clock=self.clock)
        self.numbers: dict[int, Ticket] = {}

    @initialize(target=tickets)
    def begin(self) -> int:
        return self.open("Zip", "normal", uuid4().hex)

    @rule(target=tickets, subject=TEXTS, priority=st.sampled_from(PRIORITIES), key=st.uuids().map(str))
    def open(self, subject: str, priority: str, key: str) -> int:
        new = NewTicket(subject, priority=priority, requester=Requester("Ada", "ada@example.com"), tags=("zip",))
        seen, repeated = self.service.create(self.tenant, new, actor=Actor("api"), request_key=key)
        again, known = self.service.create(self.tenant, new, actor=Actor("api"), request_key=key)
        assert (repeated, known, again.ticket) == (False, True, seen.ticket)
        self.numbers[seen.ticket.number] = seen.ticket
        return seen.ticket.number

    @rule(minutes=st.integers(0, 4000))
    def time_passes(self, minutes: int) -> None:
        self.clock.to(self.clock.now + timedelta(minutes=minutes))

    @rule(number=tickets, change=CHANGES)
    def change(self, number: int, change: dict[str, Any]) -> None:
        if change.get("assigned_to") == "somebody":
            change = {**change, "assigned_to": self.agent.actor_id}
        before = self.numbers[number]
        allowed = (before.status, *TRANSITIONS[before.status])
        try:
            after = self.service.change(self.tenant, number, TicketChange(**change), actor=self.agent).ticket
        except Conflict:
            assert (
                before.merged_into is not None
                or before.status in ("resolved", "closed")
                or (change.get("status") not in allowed)
            )
            return
        assert change.get("status", before.status) in allowed
        for name, value in change.items():
            if name not in ("tags", "subject"):
                assert getattr(after, name) == (None if value == NOBODY else value)
        self.numbers[number] = after

    @rule(number=tickets, text=TEXTS, public=st.booleans(), customer=st.booleans(), key=st.uuids().map(str))
    def comment(self, number: int, text: str, public: bool, customer: bool, key: str) -> None:
        before = self.numbers[number]
        said = Comment(text, public or customer, "customer" if customer else "staff")
        try:
            after = self.service.comment(self.tenant, number, said, actor=self.agent, request_key=key).ticket
        except Conflict:
            assert before.merged_into is not None or (customer and before.status in ("resolved", "closed"))
            return
        again = self.service.comment(self.tenant, number, said, actor=self.agent, request_key=key).ticket
        assert again == after
        assert after.version == before.version + 1
        self.numbers[number] = after

    @rule(number=consumes(tickets), into=tickets)
    def merge(self, number: int, into: int) -> None:
        source, target = self.numbers[number], self.numbers[into]
        try:
            self.service.merge(self.tenant, number, into, actor=self.agent)
        except InvalidInput:
            assert number == into
            return
        except Conflict:
            assert "closed" in (source.status, target.status)
            return
        for each in (number, into):
            self.numbers[each] = self.service.get(self.tenant, each).ticket
        assert self.numbers[number].merged_into == target.ticket_id

    @rule()
    def sweep(self) -> None:
        self.service.close_settled(self.tenant)
        for number, ticket in self.numbers.items():
            if ticket.status == "resolved":
                self.numbers[number] = self.service.get(self.tenant, number).ticket

    @invariant()
    def every_row_is_what_its_events_come_to_and_each_event_is_told_once(self) -> None:
        with self.database.tenant(self.tenant) as session:
            told = [row.key for row in session.query(OutboxRow).order_by(OutboxRow.position)]
        expected = set[str]()
        for number, ticket in self.numbers.items():
            seen, events = self.service.history(self.tenant, number)
            assert seen.ticket == ticket == fold(events)
            assert [event.number for event in events] == list(range(1, ticket.version + 1))
            assert [event.at for event in events] == sorted(event.at for event in events)
            expected |= {f"webhook/{ticket.ticket_id}/{event.number}" for event in events}
        assert sorted(told) == sorted(expected)


def test_a_ticket_can_be_rebuilt_from_its_events_after_any_sequence_of_operations(
    database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    def machine() -> TicketMachine:
        tenant = make_tenant(config=CONFIG)
        agent = Agents(database).create(
            tenant.context, email="anna@example.com", name="Anna", password="correct horse battery"
        )
        return TicketMachine(database, tenant, Actor("agent", agent.agent_id, agent.name))

    # Shrinking what fails would take minutes of database work; the steps as they were say enough.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    run_state_machine_as_test(
        machine, settings=settings(max_examples=15, stateful_step_count=25, deadline=None, phases=phases)
    )
