"""A small helpdesk whose turns can be stopped anywhere: the real engine, store and workforce, on flows of its own.

Its understanding goes by keywords and its knowledge repeats the question, so that a process of it starts at once and
every reply tells which message it is for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from uuid import UUID, uuid4

from components.core.answers import Answer
from components.core.errors import NluUnavailable
from components.core.nlu import Understanding
from components.core.tenant import Tenant, TenantContext
from components.core.tickets import TicketOffice
from components.core.work import Workforce
from components.database.session import Database
from components.dialogue.conversation_ports import TurnServices
from components.dialogue.flow_releases import FlowReleases
from components.dialogue.turns import Turns
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.conversations.conversation import Conversation, Message
from components.helpdesk.handover.arrivals import Arrivals, Clock, utc_now
from components.helpdesk.tickets.of_conversations import ConversationTickets
from components.helpdesk.tickets.tickets import Tickets
from components.nlu.language import LanguageDetector
from tests.dialogue.dialogue_workforce import Works

MAIN = """
nodes:
  - {id: greet, type: message, text: "Hi {{ user.name }}, how can I help?", next: listen}
  - id: listen
    type: nlu
    next:
      - intent: refund → refund
      - default → look_up
  - {id: look_up, type: rag, next: listen}
"""
REFUND = """
nodes:
  - {id: ask_order, type: ask, slot: order, text: "Which order?", validate: {type: text, pattern: 'NT-\\d+'},
     next: open}
  - {id: open, type: workflow, workflow: refund, goal: Process refund, save_as: refund,
     arguments: {order_number: "{{ order }}", reason: "{{ message }}"}, next: done}
  - {id: done, type: message, text: "I have opened ticket #{{ refund.ticket_number }}."}
"""
FILES = {"main.yaml": MAIN, "refund.yaml": REFUND}


class Keywords:
    """Keeps Understander: an intent where the message holds its name."""

    down = False

    def understand(
        self, tenant: TenantContext, text: str, *, model: str = "rasa_intent", deadline: float = 2.0
    ) -> Understanding:
        if self.down:
            raise NluUnavailable("no engine answers")
        for intent in ("refund", "thanks"):
            if intent in text.lower():
                return Understanding(intent, 0.95, 0.5, "local", version="7f")
        return Understanding("faq", 0.1, 0.5, "local", version="7f")

    def responses(self, tenant: TenantContext) -> Mapping[str, tuple[str, ...]]:
        if self.down:
            raise NluUnavailable("nothing was trained")
        return {"thanks": ("You are welcome.",)}


class Echo:
    """Keeps Answerer: `About <question>`; questions with `unknown` have no answer. gate: answers wait for it."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.asked: list[str] = []
        self.gate: Event | None = None
        self.failing: Exception | None = None

    def answer(
        self,
        tenant: TenantContext,
        question: str,
        *,
        channel: str = "api",
        conversation_id: UUID | None = None,
        refusal: str | None = None,
        on_text: Callable[[str], None] | None = None,
        deadline: float | None = None,
        trace_id: str | None = None,
        language: str | None = None,
    ) -> AnsweredQuestion:
        self.asked.append(question)
        time.sleep(self.seconds)
        if self.gate is not None:
            assert self.gate.wait(30)
        if self.failing is not None:
            raise self.failing
        known = "unknown" not in question
        text = f"About {question}" if known else refusal or "?"
        if on_text is not None:
            on_text(text[:3])
            on_text(text[3:])
        answer = Answer(text, known, (), (), 0.9, 0.5, "extractive")
        return AnsweredQuestion(uuid4(), question, answer, "hybrid", 7, trace_id or "", 10, "v", "answer", 3)


@dataclass
class World:
    """One process's Turns, and what they stand on."""

    database: Database
    nlu: Keywords = field(default_factory=Keywords)
    knowledge: Echo = field(default_factory=Echo)
    workforce: Workforce | None = None
    tickets: TicketOffice | None = None
    clock: Clock = utc_now
    made: list[Turns] = field(default_factory=list)

    def turns(
        self, *, deadline: float = 20.0, lease: float = 5.0, on_step: Callable[[str], None] = lambda step: None
    ) -> Turns:
        workforce = self.workforce or Works(self.database).workforce
        arrivals = Arrivals(
            self.database, self.tickets or ConversationTickets(self.database, Tickets(self.database)), clock=self.clock
        )
        services = TurnServices(
            FlowReleases(self.database), self.nlu, self.knowledge, workforce, LanguageDetector(), arrivals
        )
        self.made.append(Turns(self.database, services, deadline=deadline, lease=lease, on_step=on_step))
        return self.made[-1]

    def close(self) -> None:
        for turns in self.made:
            turns.close()


def with_flows(database: Database, tenant: Tenant, **files: str) -> Tenant:
    """The tenant, new conversations of which begin on these flows (by name) or on FILES."""
    releases = FlowReleases(database)
    given = {f"{name}.yaml": text for name, text in files.items()} or FILES
    version = releases.save(tenant.context, given, author="ann", note="for a test")
    releases.activate(tenant.context, version, "ann")
    return tenant


def said(messages: tuple[Message, ...]) -> list[str]:
    return [message.text for message in messages]


def opened(turns: Turns, tenant: Tenant, name: str = "Ann") -> Conversation:
    return turns.open(tenant, customer={"name": name})
