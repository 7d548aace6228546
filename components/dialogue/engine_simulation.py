"""A conversation that leaves nothing behind: real understanding and knowledge, and work that is only said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from components.core.errors import NluUnavailable
from components.core.tenant import Tenant, TenantContext
from components.core.work import WorkDone, Workforce, WorkKind, WorkOrder
from components.dialogue.conversation_ports import ConversationPorts, TurnScope, TurnServices
from components.dialogue.engine import open_conversation, take_turn
from components.dialogue.flow import FlowSet
from components.dialogue.small_talk import Responses
from components.dialogue.turn_types import DialogueState, Step, Surroundings, TurnOutcome
from components.helpdesk.tenant_config import read_config

CHANNEL = "cli"
# What a flow's texts show where a real ticket would have its number.
NOT_DONE = "(not opened)"


@dataclass(frozen=True)
class SimulatedTurn:
    """A turn and what it came from. message: None for the opening. orders: what would have been carried out."""

    message: str | None
    language: str
    outcome: TurnOutcome
    orders: tuple[WorkOrder, ...]


class Simulation:
    """Talks with one set of flows as a tenant's customer would. Nothing is stored as a conversation and no workflow or
    tool runs; questions are answered, and logged, as those of `helpdesk ask` are."""

    def __init__(
        self,
        flows: FlowSet,
        tenant: Tenant,
        services: TurnServices,
        *,
        today: Callable[[], date],
        deadline: float = 30.0,
        on_step: Callable[[Step], None] = lambda step: None,
    ) -> None:
        """deadline: seconds a turn. on_step: hears each step as it is taken."""
        self._flows, self._tenant, self._today, self._deadline = flows, tenant, today, deadline
        self._work = DryWorkforce(services.workforce)
        self._services = replace(services, workforce=self._work)
        self._listener = _Listener(on_step)
        self._config = read_config(tenant.config)
        self._conversation_id = uuid4()
        self._language: str | None = None
        self._state = DialogueState()

    def open(self) -> SimulatedTurn:
        """Up to the first node that waits. Raises InvalidFlow, DatabaseUnavailable."""
        self._language, self._state = None, DialogueState()
        outcome = open_conversation(
            self._flows,
            self._surroundings(),
            self._ports(),
            self._listener,
            responses=self._responses(),
            today=self._today(),
        )
        return self._taken(None, outcome)

    def say(self, message: str) -> SimulatedTurn:
        """The turn of one message. Raises InvalidFlow, DatabaseUnavailable."""
        self._language = self._services.languages.detect(message, self._language) or self._language
        outcome = take_turn(
            self._flows,
            self._state,
            message,
            self._surroundings(),
            self._ports(),
            self._listener,
            responses=self._responses(),
            today=self._today(),
        )
        return self._taken(message, outcome)

    def _responses(self) -> Responses:
        """None before the first training: then questions and forms are all there is."""
        try:
            return self._services.understandings.responses(self._tenant.context)
        except NluUnavailable:
            return {}

    @property
    def _spoken(self) -> str:
        return self._language or self._config.language

    def _surroundings(self) -> Surroundings:
        about = {"name": self._tenant.name, "greeting": self._config.greeting, "contact": self._config.contact}
        return Surroundings(self._conversation_id, {}, about, self._spoken)

    def _ports(self) -> ConversationPorts:
        scope = TurnScope(
            tenant=self._tenant,
            conversation_id=self._conversation_id,
            channel=CHANNEL,
            language=self._spoken,
            heard=self._language,
            knowledge_language=self._config.language,
            until=monotonic() + self._deadline,
            trace_id=uuid4().hex,
        )
        return ConversationPorts(scope, self._services, lambda step: None)

    def _taken(self, message: str | None, outcome: TurnOutcome) -> SimulatedTurn:
        self._state = outcome.state
        return SimulatedTurn(message, self._spoken, outcome, self._work.taken())


class DryWorkforce:
    """Keeps components.core.work.Workforce, and carries nothing out. Not shared between threads."""

    def __init__(self, real: Workforce) -> None:
        """real: says what may be ordered."""
        self._real = real
        self._orders: list[WorkOrder] = []

    def names(self, tenant: TenantContext) -> Mapping[WorkKind, frozenset[str]]:
        return self._real.names(tenant)

    def carry_out(self, tenant: TenantContext, order: WorkOrder, *, deadline: float) -> WorkDone:
        """Remembers the order; its values say that nothing was done."""
        self._orders.append(order)
        values: dict[str, Any] = {"ticket_number": NOT_DONE, "ticket_id": str(UUID(int=0))}
        return WorkDone(values, dry=True)

    def taken(self) -> tuple[WorkOrder, ...]:
        """The orders since it was last asked."""
        orders, self._orders = tuple(self._orders), []
        return orders


class _Listener:
    def __init__(self, on_step: Callable[[Step], None]) -> None:
        self._on_step = on_step

    def replying(self, reply: int, text: str) -> None:
        """Replies are shown whole."""

    def stepped(self, step: Step) -> None:
        self._on_step(step)
