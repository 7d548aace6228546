"""What the chat's routes take and give, as a browser speaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from apps.api.text import without_nul
from components.core.answers import Citation
from components.dialogue.turns import LONGEST_CUSTOMER_VALUE, LONGEST_TEXT
from components.helpdesk.conversations.attached import MOST_ATTACHMENTS
from components.helpdesk.conversations.conversation import Attachment, Author, Message, Status
from components.helpdesk.conversations.conversations import MOST_MESSAGES
from components.helpdesk.feedback import LONGEST_COMMENT

LONGEST_DOMAIN = 253
FURTHEST_SEQUENCE = 2**31 - 1

Render = Callable[[Message], str]
Link = Callable[[Attachment], str]


def _absent(value: object) -> bool:
    return value is None


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT),
    AfterValidator(without_nul),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_CUSTOMER_VALUE),
    AfterValidator(without_nul),
]
Comment = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_COMMENT), AfterValidator(without_nul)
]


class ChatCustomer(BaseModel):
    """What a customer says of themselves; nothing need be."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = Field(default=None, description="How they would like to be called.", examples=["Ada"])


class SessionRequest(BaseModel):
    """A customer who begins to talk."""

    model_config = ConfigDict(extra="forbid")

    tenant: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_DOMAIN), AfterValidator(without_nul)] = (
        Field(description="Domain of the tenant.", examples=["northtrail.example"])
    )
    customer: ChatCustomer = ChatCustomer()


class MessageRequest(BaseModel):
    """A customer's message."""

    model_config = ConfigDict(extra="forbid")

    client_message_id: str = Field(
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="Made by the sender. The same one again is the same message: it is answered once.",
        examples=["5b0e3c9f-1"],
    )
    text: Text = Field(
        description=f"1 to {LONGEST_TEXT} characters; white space around them does not count.",
        examples=["How long can I return a jacket?"],
    )
    attachments: list[UUID] = Field(
        [],
        max_length=MOST_ATTACHMENTS,
        description="Files that POST /chat/{session}/attachments took, each sent once.",
    )


class ChatFeedback(BaseModel):
    """A customer's judgement of one answer; sent again, it replaces the one before."""

    model_config = ConfigDict(extra="forbid")

    answer_id: UUID = Field(description="The answer_id of a message of this session.")
    rating: Literal[-1, 1] = Field(description="1 = helpful, -1 = not helpful.", examples=[1])
    comment: Comment | None = Field(None, description=f"Up to {LONGEST_COMMENT} characters.")


class ChatCitation(BaseModel):
    """What [number] in a message quotes. start, end: character offsets of the quote in the passage."""

    number: int
    title: str
    section: str
    passage: str
    quote: str
    start: int
    end: int


class ChatAttachment(BaseModel):
    """A file that a message carries. media_type: as its content says. size: bytes. url: good for some minutes; reading
    the message again gives a new one."""

    attachment_id: UUID
    name: str
    media_type: str
    size: int
    url: str


class ChatMessage(BaseModel):
    """One message of a session."""

    sequence: int = Field(description="1, 2, … within the session, without gaps.")
    author: Author
    text: str
    created_at: datetime
    client_message_id: str | None = Field(default=None, exclude_if=_absent, description="The customer's own id for it.")
    reply_to: int | None = Field(
        default=None, exclude_if=_absent, description="Sequence of the customer's message that it answers."
    )
    answer_id: UUID | None = Field(default=None, exclude_if=_absent, description="For POST /chat/{session}/feedback.")
    speaker: str | None = Field(default=None, exclude_if=_absent, description="Name of the agent who wrote it.")
    attachments: list[ChatAttachment] = []
    citations: list[ChatCitation] = []
    buttons: list[str] = Field([], description="What the customer may tap instead of writing.")
    handled: bool = Field(True, description="False while a customer's message still waits for its turn.")
    html: str | None = Field(
        default=None, exclude_if=_absent, description="With ?format=html: the message, safe to insert into a page."
    )


class SessionOpened(BaseModel):
    """A new session. The token is nowhere else: who loses it begins another session."""

    session_id: UUID
    token: str = Field(description="For 'Authorization: Bearer <token>' on the session's other routes.")
    expires_at: datetime
    status: Status
    last_sequence: int
    messages: list[ChatMessage] = Field(description="What the helpdesk says first.")


class TurnDone(BaseModel):
    """A message that was answered."""

    session_id: UUID
    status: Status = Field(description="`waiting`: a person takes over; the customer may go on writing.")
    last_sequence: int
    message: ChatMessage = Field(description="The customer's, as it was stored.")
    messages: list[ChatMessage] = Field(description="The replies.")
    repeated: bool = Field(description="The message was answered before: these are its replies.")


class Transcript(BaseModel):
    """A session's messages from one on. There are more where last_sequence is past the last of them."""

    session_id: UUID
    status: Status
    language: str | None = Field(description="ISO 639-1; null while unknown.")
    last_sequence: int
    pending: bool = Field(description="A customer's message still waits for its turn: ask again soon.")
    messages: list[ChatMessage] = Field(description=f"Oldest first, at most {MOST_MESSAGES}.")


def chat_messages(messages: Iterable[Message], link: Link, render: Render | None = None) -> list[ChatMessage]:
    """Messages as the API shows them. link: to an attachment. render: makes their `html`; none leaves it out."""
    return [
        ChatMessage(
            sequence=message.sequence,
            author=message.author,
            text=message.text,
            created_at=message.created_at,
            client_message_id=message.client_message_id,
            reply_to=message.reply_to,
            answer_id=message.details.answer_id,
            speaker=message.details.speaker,
            attachments=chat_attachments(message.details.attachments, link),
            citations=chat_citations(message.details.citations),
            buttons=list(message.details.buttons),
            handled=message.handled,
            html=render(message) if render else None,
        )
        for message in messages
    ]


def chat_attachments(attachments: Iterable[Attachment], link: Link) -> list[ChatAttachment]:
    """Attachments with a link each."""
    return [
        ChatAttachment(
            attachment_id=each.attachment_id,
            name=each.name,
            media_type=each.media_type,
            size=each.size,
            url=link(each),
        )
        for each in attachments
    ]


def chat_citations(citations: Iterable[Citation]) -> list[ChatCitation]:
    """Citations without what only the helpdesk knows them by."""
    return [
        ChatCitation(
            number=each.number,
            title=each.title,
            section=each.section,
            passage=each.passage,
            quote=each.quote,
            start=each.start,
            end=each.end,
        )
        for each in citations
    ]
