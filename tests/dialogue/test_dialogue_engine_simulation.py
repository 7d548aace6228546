"""A simulated conversation: the real engine, and nothing carried out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from dialogue_flows import SHOP
from dialogue_ports import RESPONSES, TODAY, Ports, split

from components.core.nlu import Understanding
from components.core.tenant import Tenant, TenantContext
from components.core.work import WorkDone, WorkKind, WorkOrder
from components.dialogue.conversation_ports import TurnServices
from components.dialogue.engine_simulation import DryWorkforce, Simulation
from components.dialogue.flow import FlowSet
from components.dialogue.flow_reading import load_flows
from components.dialogue.turn_types import Step
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.handover.arrivals import Arrival, Waiting
from components.nlu.language import LanguageDetector

TENANT = Tenant(uuid4(), "Shop", "shop.example", {"greeting": "Welcome to Shop."})


class Services:
    """Keeps FlowSource, Understander, Answerer and Workforce, on the tests' ports; work that is carried out counts."""

    def __init__(self) -> None:
        self.ports, self.carried_out = Ports(), 0

    def active(self, tenant: TenantContext) -> FlowSet:
        return load_flows(split(SHOP))

    def at(self, tenant: TenantContext, version: int) -> FlowSet:
        return self.active(tenant)

    def understand(
        self, tenant: TenantContext, text: str, *, model: str = "rasa_intent", deadline: float = 2.0
    ) -> Understanding:
        return self.ports.understand(text, model)

    def responses(self, tenant: TenantContext) -> Mapping[str, tuple[str, ...]]:
        return RESPONSES

    def answer(
        self, tenant: TenantContext, question: str, *, on_text: Callable[[str], None] | None = None, **_: Any
    ) -> AnsweredQuestion:
        return self.ports.answer(question, on_text or (lambda piece: None))

    def names(self, tenant: TenantContext) -> Mapping[WorkKind, frozenset[str]]:
        return {"workflow": frozenset({"refund"})}

    def carry_out(self, tenant: TenantContext, order: WorkOrder, *, deadline: float) -> WorkDone:
        self.carried_out += 1
        return WorkDone({"ticket_number": 1})

    def receive(self, waiting: Waiting) -> Arrival:
        raise AssertionError("a simulation reaches no person")

    def reopen_ticket(self, tenant: Tenant, conversation_id: UUID) -> int | None:
        raise AssertionError("a simulation reaches no person")


@pytest.fixture
def services() -> Services:
    return Services()


def simulation_of(services: Services, steps: list[Step]) -> Simulation:
    parts = TurnServices(services, services, services, services, LanguageDetector(), services)
    return Simulation(services.active(TENANT.context), TENANT, parts, today=lambda: TODAY, on_step=steps.append)


def test_a_simulated_refund_says_what_would_run_and_opens_no_ticket(services: Services) -> None:
    steps: list[Step] = []
    simulation = simulation_of(services, steps)
    assert [reply.text for reply in simulation.open().outcome.replies] == ["Welcome to Shop."]
    for message in ("refund NT-1234", "it is broken"):
        assert simulation.say(message).orders == ()
    turn = simulation.say("yes")
    (order,) = turn.orders
    assert (order.name, dict(order.arguments)) == ("refund", {"order_number": "NT-1234", "reason": "it is broken"})
    assert turn.outcome.replies[0].text == "I opened ticket #(not opened)."
    assert services.carried_out == 0
    assert "refund would be done" in [step.what for step in steps]


def test_a_simulation_follows_the_customers_language(services: Services) -> None:
    simulation = simulation_of(services, [])
    simulation.open()
    turn = simulation.say("Guten Tag, ich hätte gerne eine Auskunft über meine Bestellung, bitte: mensch")
    assert turn.language == "de"


def test_a_dry_workforce_knows_the_real_names_and_forgets_orders_once_told(services: Services) -> None:
    dry = DryWorkforce(services)
    order = WorkOrder("workflow", "refund", {}, "key", uuid4())
    assert dry.carry_out(TENANT.context, order, deadline=1).dry
    assert dry.names(TENANT.context) == services.names(TENANT.context)
    assert (dry.taken(), dry.taken()) == ((order,), ())
