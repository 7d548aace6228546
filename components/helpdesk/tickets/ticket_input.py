"""What people and programs may say of a ticket, each value checked before anything is done with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import UUID

from components.core.errors import InvalidInput
from components.helpdesk.storable import storable
from components.helpdesk.tickets.priorities import PRIORITIES
from components.helpdesk.tickets.ticket import STATUSES, UNKNOWN, Requester

LONGEST_SUBJECT, LONGEST_TEXT, LONGEST_TEAM, LONGEST_KEY = 300, 10_000, 50, 500
LONGEST_NAME, LONGEST_EMAIL, LONGEST_PHONE = 200, 254, 50
MOST_TAGS = 20
TAG = r"[a-z0-9][a-z0-9_.:-]{0,39}"

_TAG = re.compile(TAG)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")

NOBODY: Literal["nobody"] = "nobody"
Assignee = UUID | Literal["nobody"]
Side = Literal["staff", "customer"]
SIDES: tuple[Side, ...] = ("staff", "customer")


@dataclass(frozen=True)
class NewTicket:
    """A ticket to be opened. details: JSON values for programs, kept as they are. channel: where it came from."""

    subject: str
    description: str = ""
    priority: str = "normal"
    requester: Requester = UNKNOWN
    channel: str = "api"
    session_id: UUID | None = None
    assigned_to: UUID | None = None
    team: str = ""
    tags: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TicketChange:
    """What shall be different; None leaves a thing as it is. team: "" for none. tags: all of them, as they shall be."""

    status: str | None = None
    priority: str | None = None
    assigned_to: Assignee | None = None
    team: str | None = None
    tags: Sequence[str] | None = None
    subject: str | None = None


@dataclass(frozen=True)
class Comment:
    """public: the customer may see it. side: who says it; a customer's is always public."""

    text: str
    public: bool = False
    side: Side = "staff"


def checked_new(new: NewTicket) -> NewTicket:
    """As it is kept. Raises InvalidInput."""
    return replace(
        new,
        subject=_text(new.subject, "subject", 1, LONGEST_SUBJECT),
        description=_text(new.description, "description", 0, LONGEST_TEXT),
        priority=_one_of(new.priority, PRIORITIES, "priority"),
        requester=_requester(new.requester),
        channel=_text(new.channel, "channel", 0, LONGEST_TEAM),
        team=checked_team(new.team),
        tags=_tags(new.tags),
    )


def checked_change(change: TicketChange) -> TicketChange:
    """As it is done. Raises InvalidInput, also for one that changes nothing at all."""
    if change == TicketChange():
        raise InvalidInput(
            "nothing is to be changed: one of status, priority, assigned_to, team, tags and subject is needed",
            field="body",
        )
    return TicketChange(
        status=None if change.status is None else _one_of(change.status, STATUSES, "status"),
        priority=None if change.priority is None else _one_of(change.priority, PRIORITIES, "priority"),
        assigned_to=change.assigned_to,
        team=None if change.team is None else checked_team(change.team),
        tags=None if change.tags is None else _tags(change.tags),
        subject=None if change.subject is None else _text(change.subject, "subject", 1, LONGEST_SUBJECT),
    )


def checked_comment(comment: Comment) -> Comment:
    """As it is kept. Raises InvalidInput."""
    side = _one_of(comment.side, SIDES, "side")
    if side == "customer" and not comment.public:
        raise InvalidInput("public=False: what a customer says is public", field="public")
    return replace(comment, text=_text(comment.text, "text", 1, LONGEST_TEXT))


def checked_team(team: str) -> str:
    """Raises InvalidInput."""
    return _text(team, "team", 0, LONGEST_TEAM)


def checked_key(key: str | None) -> str | None:
    """A wish's own key. Raises InvalidInput."""
    if key is not None and not 1 <= len(storable(key, "key")) <= LONGEST_KEY:
        raise InvalidInput(f"key has {len(key)} characters: 1 to {LONGEST_KEY} are allowed", field="key")
    return key


def _text(text: str, name: str, shortest: int, longest: int) -> str:
    said = storable(text, name).strip()
    if not shortest <= len(said) <= longest:
        raise InvalidInput(f"{name} has {len(said)} characters: {shortest} to {longest} are allowed", field=name)
    return said


def _one_of(value: str, allowed: Sequence[str], name: str) -> Any:
    if value not in allowed:
        raise InvalidInput(f"{name}={value[:40]!r}: {', '.join(allowed)} is allowed", field=name)
    return value


def _tags(tags: Sequence[str]) -> tuple[str, ...]:
    kept = tuple(sorted({tag.strip().lower() for tag in tags}))
    for tag in kept:
        if not _TAG.fullmatch(tag):
            raise InvalidInput(
                f"tag {tag[:60]!r}: 1 to 40 letters a to z, digits and - _ . : are allowed, a letter or digit first",
                field="tags",
            )
    if len(kept) > MOST_TAGS:
        raise InvalidInput(f"tags has {len(kept)}: at most {MOST_TAGS} are allowed", field="tags")
    return kept


def _requester(requester: Requester) -> Requester:
    email = _text(requester.email, "requester.email", 0, LONGEST_EMAIL).lower()
    if email and not _EMAIL.fullmatch(email):
        raise InvalidInput(
            f"requester.email={email!r}: an address such as ada@example.com is allowed", field="requester.email"
        )
    return Requester(
        _text(requester.name, "requester.name", 0, LONGEST_NAME),
        email,
        _text(requester.phone, "requester.phone", 0, LONGEST_PHONE),
    )
