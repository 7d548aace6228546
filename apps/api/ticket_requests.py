"""What the routes of tickets take, and what the helpdesk makes of it."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from components.core.errors import InvalidInput
from components.helpdesk.tickets.search import LONGEST_CURSOR, LONGEST_QUERY, MOST_LISTED, TicketQuery
from components.helpdesk.tickets.store import TicketRef
from components.helpdesk.tickets.ticket import Priority, Requester, TicketStatus
from components.helpdesk.tickets.ticket_input import (
    LONGEST_EMAIL,
    LONGEST_NAME,
    LONGEST_PHONE,
    LONGEST_SUBJECT,
    LONGEST_TEAM,
    LONGEST_TEXT,
    MOST_TAGS,
    NOBODY,
    Comment,
    NewTicket,
    Side,
    TicketChange,
)

_TAGS = f"At most {MOST_TAGS}, each 1 to 40 of a to z, digits and - _ . :"
_ID = "-".join(f"[0-9a-fA-F]{{{length}}}" for length in (8, 4, 4, 4, 12))
_ASSIGNED = rf"^({NOBODY}|{_ID})$"


class TicketRequester(BaseModel):
    """Whom a ticket is about; what is not known is empty."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="", max_length=LONGEST_NAME, examples=["Ada"])
    email: str = Field(default="", max_length=LONGEST_EMAIL, examples=["ada@example.com"])
    phone: str = Field(default="", max_length=LONGEST_PHONE)


class TicketRequest(BaseModel):
    """A ticket to be opened."""

    model_config = ConfigDict(extra="forbid")

    subject: str = Field(min_length=1, max_length=LONGEST_SUBJECT, examples=["The zip of my jacket is broken"])
    description: str = Field("", max_length=LONGEST_TEXT)
    priority: Priority = "normal"
    requester: TicketRequester = TicketRequester()
    channel: str = Field("api", max_length=LONGEST_TEAM, description="Where it came from.")
    session_id: UUID | None = Field(None, description="The conversation that it came of.")
    assigned_to: UUID | None = Field(None, description="An agent of the tenant.")
    team: str = Field("", max_length=LONGEST_TEAM)
    tags: list[str] = Field([], max_length=MOST_TAGS, description=_TAGS)

    def new(self) -> NewTicket:
        """As the helpdesk opens it."""
        values = self.model_dump(exclude={"requester", "tags"})
        return NewTicket(**values, requester=Requester(**self.requester.model_dump()), tags=tuple(self.tags))


class TicketChangeRequest(BaseModel):
    """What shall be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    status: TicketStatus | None = Field(None, description="`pending`: it waits for the customer.")
    priority: Priority | None = None
    assigned_to: UUID | None = Field(None, description="An agent of the tenant; null takes it from whoever has it.")
    team: str | None = Field(None, max_length=LONGEST_TEAM, description='"" for none.')
    tags: list[str] | None = Field(None, max_length=MOST_TAGS, description=f"All of them. {_TAGS}")
    subject: str | None = Field(None, min_length=1, max_length=LONGEST_SUBJECT)
    version: int | None = Field(
        None, ge=1, lt=2**31, description="The ticket's, as it was last seen: 409 where it has changed since."
    )

    def change(self) -> TicketChange:
        """As the helpdesk does it."""
        unassigned = "assigned_to" in self.model_fields_set and self.assigned_to is None
        return TicketChange(
            status=self.status,
            priority=self.priority,
            assigned_to=NOBODY if unassigned else self.assigned_to,
            team=self.team,
            tags=self.tags,
            subject=self.subject,
        )


class CommentRequest(BaseModel):
    """Something to be said about a ticket."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=LONGEST_TEXT)
    public: bool = Field(False, description="Whether the customer may see it.")
    side: Side = Field("staff", description="`customer`: their words, handed on; they are public, and open it again.")

    def comment(self) -> Comment:
        """As the helpdesk keeps it."""
        return Comment(self.text, self.public, self.side)


class MergeRequest(BaseModel):
    """The ticket in which this one shall go on."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    into: str = Field(max_length=40, description="Its id or its number.", examples=["7"])


class TicketSearch(BaseModel):
    """What tickets have in common; what is left out asks for nothing."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field("", max_length=LONGEST_QUERY, description="Words, all of which it has.")
    status: list[TicketStatus] = Field([], description="One of these.")
    priority: list[Priority] = Field([], description="One of these.")
    assigned_to: str | None = Field(None, pattern=_ASSIGNED, description="An agent's id, or nobody.")
    team: str = Field("", max_length=LONGEST_QUERY)
    tag: str = Field("", max_length=LONGEST_QUERY)
    requester: str = Field(
        "", max_length=LONGEST_QUERY, description="E-mail address, telephone number, or part of the name."
    )
    session_id: UUID | None = Field(None, description="The conversation that it came of.")
    cursor: str = Field("", max_length=LONGEST_CURSOR, description="`next` of the page before.")
    limit: int = Field(20, ge=1, le=MOST_LISTED)

    def query(self) -> TicketQuery:
        """As the helpdesk searches."""
        values = self.model_dump() | {"status": tuple(self.status), "priority": tuple(self.priority)}
        if self.assigned_to not in (None, NOBODY):
            values["assigned_to"] = UUID(self.assigned_to)
        return TicketQuery(**values)


def read_ref(text: str, field: str) -> TicketRef:
    """The ticket's number or id. Raises InvalidInput."""
    if text.isascii() and text.isdecimal() and len(text) < 20:
        return int(text)
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(f"{field}={text!r}: a ticket's id or number is allowed", field=field) from None
