"""What a customer is told when their conversation begins to wait for a person, and the ticket where nobody is there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from components.core.tenant import Tenant
from components.core.tickets import TicketOffice, TicketRequest
from components.database.session import Database
from components.helpdesk.business_hours import BusinessHours
from components.helpdesk.conversations.conversation import Priority
from components.helpdesk.handover.queue_position import queue_position
from components.helpdesk.tenant_config import read_config
from components.helpdesk.wording import WordingKey, moment_in, say

# Of what is given for making a ticket.
TICKET_SECONDS = 5.0
LONGEST_SUBJECT = 120

Clock = Callable[[], datetime]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waiting:
    """A conversation that begins to wait, or does. handover: as components.dialogue.turn_handover makes it; its
    `sequence` names the wait, so that one wait has one ticket, and its `ticket` is that one once there is one."""

    tenant: Tenant
    conversation_id: UUID
    language: str | None
    team: str
    priority: Priority
    handover: Mapping[str, Any]


@dataclass(frozen=True)
class Arrival:
    """What the customer is told: `text`, of the wording `key`. ticket: number of the one there is."""

    key: WordingKey
    text: str
    ticket: int | None = None


def utc_now() -> datetime:
    """The clock on the wall."""
    return datetime.now(UTC)


class Arrivals:
    """Receives conversations. Thread-safe. It says nothing that is not so: no ticket that was not made."""

    def __init__(self, database: Database, tickets: TicketOffice, *, clock: Clock = utc_now) -> None:
        self._database, self._tickets, self._clock = database, tickets, clock

    def receive(self, waiting: Waiting) -> Arrival:
        """While somebody is there, the place in the queue; else a ticket, and when somebody will answer. The same wait
        again gets the same ticket. Raises DatabaseUnavailable."""
        config, language = read_config(waiting.tenant.config).handover, waiting.language
        hours, now = BusinessHours(config), self._clock()
        if hours.is_open(now):
            position = str(self._position(waiting))
            return Arrival("queue_position", say("queue_position", language, position=position), known_ticket(waiting))
        opening = hours.next_opening(now)
        told = None if opening is None else moment_in(opening, config.time_zone, language)
        number = self.find_ticket(waiting)
        if number is None and told is None:
            return Arrival("nobody_here", say("nobody_here", language))
        if number is None:
            return Arrival("nobody_here_until", say("nobody_here_until", language, opening=told or ""))
        if told is None:
            return Arrival("no_opening", say("no_opening", language, ticket=str(number)), number)
        return Arrival("out_of_hours", say("out_of_hours", language, opening=told, ticket=str(number)), number)

    def find_ticket(self, waiting: Waiting) -> int | None:
        """The number of this wait's ticket, made now where there is none yet; None where it could not be made."""
        known = known_ticket(waiting)
        if known is not None:
            return known
        try:
            return self._tickets.create(waiting.tenant.context, _request(waiting), deadline=TICKET_SECONDS)
        except Exception:
            # Whatever it was: the conversation waits in the queue all the same, and no ticket is spoken of.
            _log.exception("no ticket could be made for conversation %s", waiting.conversation_id)
            return None

    def reopen_ticket(self, tenant: Tenant, conversation_id: UUID) -> int | None:
        """The ticket of a conversation whose customer has come back, open again; None where there is none, or it
        could not be opened."""
        try:
            return self._tickets.reopen(tenant.context, conversation_id)
        except Exception:
            _log.exception("the ticket of conversation %s could not be opened again", conversation_id)
            return None

    def _position(self, waiting: Waiting) -> int:
        context = waiting.tenant.context
        with self._database.tenant(context) as session:
            return queue_position(session.connection(), context, team=waiting.team, priority=waiting.priority)


def known_ticket(waiting: Waiting) -> int | None:
    """The ticket that this wait has already."""
    number = waiting.handover.get("ticket")
    return number if isinstance(number, int) else None


def _request(waiting: Waiting) -> TicketRequest:
    handover = waiting.handover
    said = [each["text"] for each in handover.get("messages", ())]
    last = " ".join(said[-1].split()) if said else ""
    subject = last if len(last) <= LONGEST_SUBJECT else last[: LONGEST_SUBJECT - 1] + "…"
    return TicketRequest(
        conversation_id=waiting.conversation_id,
        subject=subject or "A customer waits for a person",
        description=str(handover.get("summary", "")),
        priority=waiting.priority,
        key=f"handover/{waiting.conversation_id}/{handover.get('sequence', 0)}",
    )
