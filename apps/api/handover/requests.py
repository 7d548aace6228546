"""What clients send by socket: the shape of each event, and what is said to one that has another."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from apps.api.chat_types import FURTHEST_SEQUENCE, Text
from apps.api.text import without_nul
from components.core.errors import InvalidInput
from components.helpdesk.conversations.attached import MOST_ATTACHMENTS
from components.helpdesk.handover.agents import Presence
from components.helpdesk.handover.desk import LONGEST_TEXT
from components.helpdesk.handover.notes import LONGEST_NOTE
from components.helpdesk.signed_claims import LONGEST_TOKEN

ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Sequence = Annotated[int, Field(ge=0, le=FURTHEST_SEQUENCE)]
Attachments = Annotated[list[UUID], Field(max_length=MOST_ATTACHMENTS)]
Token = Annotated[str, StringConstraints(max_length=LONGEST_TOKEN)]
AgentText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT),
    AfterValidator(without_nul),
]
NoteText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NOTE),
    AfterValidator(without_nul),
]
Short = Annotated[str, StringConstraints(max_length=500), AfterValidator(without_nul)]
Team = Annotated[str, StringConstraints(max_length=50), AfterValidator(without_nul)]


class Request(BaseModel):
    """What an event carries."""

    model_config = ConfigDict(extra="forbid")


class Authentication(Request):
    """At the connection. session_id: a customer's, none for an agent. after: the last message that the customer has, so
    that the first one told is the next; none = from now on."""

    token: Token
    session_id: UUID | None = None
    after: Sequence | None = None


class CustomerMessage(Request):
    client_message_id: ClientId
    text: Text
    attachments: Attachments = []


class CustomerTyping(Request):
    typing: bool


class CustomerRead(Request):
    sequence: Sequence


class Replay(Request):
    after: Sequence = 0


class OfConversation(Request):
    session_id: UUID


class Join(OfConversation):
    after: Sequence = 0


class Wish(OfConversation):
    """request_id: the same one again is the same wish."""

    request_id: ClientId


class Transfer(Wish):
    to_agent: UUID | None = None
    to_team: Team | None = None
    reason: Short = ""


class AgentMessage(OfConversation):
    client_message_id: ClientId
    text: AgentText
    attachments: Attachments = []


class NewNote(OfConversation):
    client_note_id: ClientId
    text: NoteText


class AgentTyping(OfConversation):
    typing: bool


class AgentRead(OfConversation):
    sequence: Sequence


class PresenceChosen(Request):
    presence: Presence


R = TypeVar("R", bound=Request)


def read_request(kind: type[R], sent: tuple[Any, ...]) -> R:
    """sent: the event's arguments. Raises InvalidInput naming the first field at fault."""
    if len(sent) != 1 or not isinstance(sent[0], dict):
        raise InvalidInput("an event carries one object, and an acknowledgement is asked for")
    try:
        return kind.model_validate(sent[0])
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        field = ".".join(str(part) for part in fault["loc"])[:100]
        said = "is required" if fault["type"] == "missing" else fault["msg"].removeprefix("Value error, ")
        raise InvalidInput(f"{field}: {said}", field=field) from error
