"""What goes into one turn of the engine and what comes out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

from components.core.nlu import Understanding
from components.core.work import WorkDone, WorkOrder
from components.helpdesk.answered_question import AnsweredQuestion

HandoverReason = Literal[
    "asked_by_customer", "asked_by_flow", "not_understood", "no_answer", "gave_up", "work_failed", "fault", "came_back"
]


@dataclass(frozen=True)
class Frame:
    """Where one flow stands: the node that waits, or that called the frame above it. attempts: misfits so far."""

    flow: str
    node: str
    attempts: int = 0


@dataclass(frozen=True)
class DialogueState:
    """All that the engine remembers of a conversation between turns; JSON in PostgreSQL.

    frames: the outermost first; empty before the opening. variables: slots and saved results, JSON values.
    turns: customer messages taken so far.
    """

    frames: tuple[Frame, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    turns: int = 0


@dataclass(frozen=True)
class Reply:
    """One message of the bot. answered: where the knowledge was asked. buttons: what the customer may tap."""

    text: str
    node: str
    answered: AnsweredQuestion | None = None
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One step taken, for `simulate` and lineage. node: `flow.node`. what: in words, without the customer's text."""

    node: str
    type: str
    what: str


@dataclass(frozen=True)
class Handover:
    """The conversation is to wait for a person. node: `flow.node` that decided it."""

    reason: HandoverReason
    node: str
    priority: str | None = None


@dataclass(frozen=True)
class TurnOutcome:
    """The end of a turn: to be stored whole or not at all."""

    state: DialogueState
    replies: tuple[Reply, ...]
    steps: tuple[Step, ...]
    understanding: Understanding | None = None
    handover: Handover | None = None


@dataclass(frozen=True)
class Surroundings:
    """What templates may read besides variables. user, tenant: plain values (`user.name`, `tenant.name`,
    `tenant.greeting`, `tenant.contact`); language: ISO 639-1."""

    conversation_id: UUID
    user: Mapping[str, str]
    tenant: Mapping[str, str]
    language: str = "en"


class DialoguePorts(Protocol):
    """What the engine has others do. Each call keeps a deadline of its own."""

    def understand(self, text: str, model: str) -> Understanding:
        """Raises NluUnavailable where no engine answers."""
        ...

    def answer(self, question: str, on_text: Callable[[str], None]) -> AnsweredQuestion:
        """From the tenant's knowledge. Raises HelpdeskError as Answering.answer does."""
        ...

    def work(self, order: WorkOrder) -> WorkDone:
        """Raises WorkflowUnavailable, InvalidInput."""
        ...


class Listener(Protocol):
    """Hears of a turn as it goes; what it hears is provisional until the turn is stored."""

    def replying(self, reply: int, text: str) -> None:
        """A further piece of the turn's reply number `reply`, from 0."""
        ...

    def stepped(self, step: Step) -> None: ...
