"""What the dialogue engine has others do, done for one turn of one tenant's conversation, within the turn's time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol
from uuid import UUID

from components.core.nlu import Understanding
from components.core.tenant import Tenant, TenantContext
from components.core.work import WorkDone, Workforce, WorkOrder
from components.dialogue.flow import FlowSet
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.handover.arrivals import Arrival, Waiting
from components.helpdesk.wording import only_in, say

EXTRACTIVE = "extractive"
# So that what is asked last in a turn still has the time to answer.
LEAST_SECONDS = 0.5
NLU_SECONDS = 2.0


class FlowSource(Protocol):
    """Where flows are; components.dialogue.flow_releases.FlowReleases keeps it."""

    def active(self, tenant: TenantContext) -> FlowSet: ...

    def at(self, tenant: TenantContext, version: int) -> FlowSet: ...


class Understander(Protocol):
    """Who understands messages; components.helpdesk.understanding.understanding.Understandings keeps it."""

    def understand(
        self, tenant: TenantContext, text: str, *, model: str = ..., deadline: float = ...
    ) -> Understanding: ...

    def responses(self, tenant: TenantContext) -> Mapping[str, tuple[str, ...]]: ...


class Answerer(Protocol):
    """Who answers from the knowledge; components.helpdesk.answering.Answering keeps it."""

    def answer(
        self,
        tenant: TenantContext,
        question: str,
        *,
        channel: str = ...,
        conversation_id: UUID | None = ...,
        refusal: str | None = ...,
        on_text: Callable[[str], None] | None = ...,
        deadline: float | None = ...,
        trace_id: str | None = ...,
        language: str | None = ...,
    ) -> AnsweredQuestion: ...


class Linguist(Protocol):
    """Who tells languages apart; components.nlu.language.LanguageDetector keeps it."""

    def detect(self, text: str, previous: str | None, *, heard: bool = ...) -> str | None: ...


class Receptionist(Protocol):
    """Who receives conversations that wait for a person; components.helpdesk.handover.arrivals.Arrivals keeps it."""

    def receive(self, waiting: Waiting) -> Arrival: ...

    def reopen_ticket(self, tenant: Tenant, conversation_id: UUID) -> int | None: ...


@dataclass(frozen=True)
class TurnServices:
    """Those who do a turn's work, shared by all conversations."""

    flows: FlowSource
    understandings: Understander
    answering: Answerer
    workforce: Workforce
    languages: Linguist
    receptionist: Receptionist


@dataclass(frozen=True)
class TurnScope:
    """What the calls of one turn are made for. Languages are ISO 639-1: `language` the customer's, the tenant's while
    that is unknown; `heard` the customer's, None while unknown; `knowledge_language` the tenant's. until: when the turn
    must be over, by time.monotonic."""

    tenant: Tenant
    conversation_id: UUID
    channel: str
    language: str
    heard: str | None
    knowledge_language: str
    until: float
    trace_id: str


class ConversationPorts:
    """Keeps components.dialogue.turn_types.DialoguePorts, and remembers for the lineage what was answered, and the
    seconds spent so far in `nlu`, `answer` and `work`."""

    def __init__(self, scope: TurnScope, services: TurnServices, on_step: Callable[[str], None]) -> None:
        self._scope, self._services, self._on_step = scope, services, on_step
        self.seconds = {"nlu": 0.0, "answer": 0.0, "work": 0.0}
        self.answered: list[AnsweredQuestion] = []

    def understand(self, text: str, model: str) -> Understanding:
        with self._measured("nlu"):
            deadline = min(NLU_SECONDS, self._left())
            return self._services.understandings.understand(
                self._scope.tenant.context, text, model=model, deadline=deadline
            )

    def answer(self, question: str, on_text: Callable[[str], None]) -> AnsweredQuestion:
        """In the customer's language where a language model writes it. A quotation stays in the knowledge's, and
        begins by saying so."""
        scope = self._scope
        with self._measured("answer"):
            answered = self._services.answering.answer(
                scope.tenant.context,
                question,
                channel=scope.channel,
                conversation_id=scope.conversation_id,
                refusal=say("dont_know", scope.language),
                on_text=on_text,
                deadline=self._left(),
                trace_id=scope.trace_id,
                language=scope.heard,
            )
        self.answered.append(answered)
        answer = answered.answer
        if not answer.answered or answer.model != EXTRACTIVE or scope.language == scope.knowledge_language:
            return answered
        preface = only_in(scope.knowledge_language, scope.language)
        return replace(answered, answer=replace(answer, text=f"{preface}\n\n{answer.text}"))

    def work(self, order: WorkOrder) -> WorkDone:
        with self._measured("work"):
            return self._services.workforce.carry_out(self._scope.tenant.context, order, deadline=self._left())

    def _left(self) -> float:
        return max(self._scope.until - monotonic(), LEAST_SECONDS)

    @contextmanager
    def _measured(self, part: str) -> Iterator[None]:
        started = monotonic()
        try:
            yield
        finally:
            self.seconds[part] += monotonic() - started
        self._on_step(f"after_{part}")
