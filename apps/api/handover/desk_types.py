"""What the agents' routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from apps.api.chat_types import ChatMessage
from apps.api.text import without_nul
from components.helpdesk.conversations.conversation import Author, Priority, Status
from components.helpdesk.handover.canned_answers import LONGEST_TEXT
from components.helpdesk.handover.service_level import Colour


class QueueMessage(BaseModel):
    """What was said last. text: its beginning."""

    author: Author
    text: str
    created_at: datetime


class QueueEntry(BaseModel):
    """One conversation of the queue."""

    session_id: UUID
    status: Status
    channel: str
    language: str | None
    customer: dict[str, str] = Field(description="What the customer is known by: `name`, `email`, …")
    priority: Priority
    vip: bool
    team: str
    agent_id: UUID | None
    agent: str | None = Field(description="Who owns it or, while it waits, is asked first.")
    meant_for_me: bool = Field(description="A colleague asked this agent to take it.")
    position: int | None = Field(description="1: the next in its team's line; null where it does not wait.")
    reason: str | None = Field(description="Why the bot handed it over.")
    waiting_since: datetime | None = Field(description="When the customer began to wait for a person, if they do.")
    sla: Colour | None = Field(description="How much of the time they may have to wait is used up.")
    amber_at: datetime | None
    red_at: datetime | None
    unread: int = Field(description="Customer's messages that no agent has read.")
    last: QueueMessage | None
    last_sequence: int
    updated_at: datetime


class QueueTold(BaseModel):
    """now: the server's clock, which waiting times are counted by. waiting, mine: how many there are."""

    view: str
    now: datetime
    waiting: int
    mine: int
    items: list[QueueEntry]


class DeskMessage(ChatMessage):
    """A message as agents see it. lineage: how the bot came to say it."""

    lineage: dict[str, Any] = Field(default_factory=dict)


class DeskChange(BaseModel):
    """One change of who owns the conversation."""

    number: int
    kind: str
    actor: str
    agent: str | None
    status_before: Status
    status_after: Status
    details: dict[str, Any]
    at: datetime


class DeskNote(BaseModel):
    """What an agent noted for colleagues."""

    note_id: UUID
    agent_id: UUID
    name: str
    text: str
    client_note_id: str
    created_at: datetime


class EarlierTold(BaseModel):
    """Another conversation of the same customer."""

    session_id: UUID
    status: Status
    channel: str
    created_at: datetime
    updated_at: datetime
    summary: str


class TicketTold(BaseModel):
    """A ticket of the customer's."""

    ticket_id: UUID
    number: int | None
    subject: str | None
    status: str | None
    priority: str | None
    session_id: UUID | None


class DossierTold(BaseModel):
    """A conversation as an agent opens it."""

    session_id: UUID
    status: Status
    channel: str
    language: str | None
    customer: dict[str, str]
    priority: Priority
    team: str
    agent_id: UUID | None
    agent: str | None
    position: int | None
    waiting_since: datetime | None
    created_at: datetime
    last_sequence: int
    customer_read: int
    agent_read: int
    handover: dict[str, Any] | None = Field(
        description="Why it was handed over, and what the bot knew then: `reason`, `node`, `summary`, `variables`, …"
    )
    versions: dict[str, Any] = Field(description="Of flows, NLU, prompt, model and index, as the bot last used them.")
    messages: list[DeskMessage] = Field(description="The last ones, oldest first.")
    changes: list[DeskChange]
    notes: list[DeskNote]
    earlier: list[EarlierTold]
    tickets: list[TicketTold]


class EarlierMessages(BaseModel):
    """messages: oldest first; more lie before them where the first one's sequence is past 1."""

    session_id: UUID
    messages: list[DeskMessage]


class TeamsTold(BaseModel):
    """By name."""

    teams: list[str]


class SuggestionTold(BaseModel):
    """text: with its [n]. insert: the same without them. html: safe to insert into a page, with the passages."""

    question: str
    sequence: int
    text: str
    insert: str
    html: str
    confidence: float
    answer_id: UUID = Field(description="For GET /handover/answers/{answer_id}.")


class SuggestionsTold(BaseModel):
    """asked: the customer's questions that were put to the knowledge. state: `found`; `nothing`, the knowledge has no
    answer to them; `no_question`; `unavailable`, it could not be asked, or not in time."""

    state: Literal["found", "nothing", "no_question", "unavailable"]
    asked: list[str]
    suggestions: list[SuggestionTold]


class SummaryLineTold(BaseModel):
    """sequences: of the messages that it comes from."""

    text: str
    sequences: list[int]


class SummaryTold(BaseModel):
    """made_by: name of the language model, or `extractive`. last_sequence: how far it reaches."""

    made_by: str
    last_sequence: int
    lines: list[SummaryLineTold]


class CannedAnswerTold(BaseModel):
    """A text to insert by its name."""

    name: str
    text: str
    updated_at: datetime


class CannedAnswersTold(BaseModel):
    """By name."""

    canned_answers: list[CannedAnswerTold]


class CannedAnswerText(BaseModel):
    """The text of a canned answer."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT),
        AfterValidator(without_nul),
    ] = Field(
        description="May hold {{customer.name}}, {{agent.name}} and {{tenant.name}}, which the agent's page fills in.",
        examples=["Hello {{customer.name}}, thank you for waiting."],
    )
