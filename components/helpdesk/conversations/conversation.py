"""A conversation and its messages, as every channel, page and agent sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from components.core.answers import Citation

Author = Literal["customer", "bot", "system", "agent"]
Status = Literal["bot", "waiting", "agent", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]


@dataclass(frozen=True)
class Attachment:
    """A file that a message carries. media_type: as its content says. size: bytes."""

    attachment_id: UUID
    name: str
    media_type: str
    size: int


@dataclass(frozen=True)
class MessageDetails:
    """What a message carries beside its text. citations: what its [n] quote. answer_id: of the stored answer whose
    lineage and feedback it has. buttons: what the customer may tap. lineage: JSON values that say how it came about
    (understanding, steps, versions); for people who look after the helpdesk, never for customers. attachments: files it
    carries. speaker: the name of the agent who wrote it, as customers see it; agent_id: who that is."""

    citations: tuple[Citation, ...] = ()
    answer_id: UUID | None = None
    buttons: tuple[str, ...] = ()
    lineage: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    speaker: str | None = None
    agent_id: UUID | None = None


@dataclass(frozen=True)
class Message:
    """One message. sequence: 1, 2, … within its conversation, without gaps. client_message_id: a customer's or an
    agent's own id for it. reply_to: the sequence of the customer's message that it answers. handled: False while a
    customer's message still waits for its turn."""

    sequence: int
    author: Author
    text: str
    created_at: datetime
    client_message_id: str | None = None
    reply_to: int | None = None
    handled: bool = True
    details: MessageDetails = MessageDetails()


@dataclass(frozen=True)
class Conversation:
    """Where a conversation stands after its last stored turn. language: ISO 639-1, None while unknown. handover: what
    a person needs to take over, while status is `waiting` or `agent`. versions: of flows, NLU, prompt, model and index,
    as the last turn used them. state: the dialogue engine's own. agent_id: who owns it while status is `agent`; else
    who is asked first. team: whose queue it is in, "" = everybody's. changes: events of its ownership so far.
    customer_read, agent_read: the last sequence that each has seen. waiting_since, agent_since, closed_at: of the
    status it has. apologised_at: when the customer was told that nobody was free in time."""

    conversation_id: UUID
    channel: str
    status: Status
    flow_version: int
    last_sequence: int
    created_at: datetime
    updated_at: datetime
    language: str | None = None
    customer: Mapping[str, str] = field(default_factory=dict)
    handover: Mapping[str, Any] | None = None
    versions: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    agent_id: UUID | None = None
    team: str = ""
    priority: Priority = "normal"
    changes: int = 0
    customer_read: int = 0
    agent_read: int = 0
    waiting_since: datetime | None = None
    agent_since: datetime | None = None
    closed_at: datetime | None = None
    customer_wrote_at: datetime | None = None
    agent_wrote_at: datetime | None = None
    apologised_at: datetime | None = None
