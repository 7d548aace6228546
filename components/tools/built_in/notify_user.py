"""notify_user: tells a customer something, in their conversation and by e-mail."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Row
from sqlalchemy.orm import Session

from components.core.errors import InvalidInput, NotFound, ToolRefused
from components.helpdesk.conversations.store import read_conversation
from components.helpdesk.handover.apology_mail import MAIL, MAIL_CHANNEL, find_address
from components.helpdesk.handover.desk import add_system_message
from components.helpdesk.outbox.rows import queue
from components.helpdesk.tenant_config import read_config
from components.helpdesk.tickets.store import read_ticket
from components.helpdesk.tickets.ticket import Ticket
from components.helpdesk.wording import WordingKey, say
from components.tools.built_in.tickets import TICKET, ticket_ref
from components.tools.permission import PEOPLE
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

_SPEC = ToolSpec(
    name="notify_user",
    description="Tells a customer something: in their conversation, on whatever channel it is, and by e-mail. With a "
    "ticket alone, that their request is kept under its number, or done; `untold` says why nobody was told.",
    input_schema={
        "type": "object",
        "properties": {
            "ticket_id": TICKET,
            "message": {"type": "string", "minLength": 1, "maxLength": 5000},
            "subject": {"type": "string", "minLength": 1, "maxLength": 200, "description": "Of the e-mail."},
            "email": {
                "type": "string",
                "pattern": r"^[^@\s<>,;]{1,64}@[^@\s<>,;]{1,189}$",
                "description": "Without it, the ticket's requester or the customer of the conversation.",
            },
        },
        "additionalProperties": False,
    },
    output_schema={
        "type": "object",
        "properties": {
            "message": {"type": "string"},
            "email": {"type": ["string", "null"], "description": "The address that an e-mail is on its way to."},
            "conversation_id": {"type": ["string", "null"], "description": "In which it was said."},
            "channel": {"type": ["string", "null"], "description": "Of that conversation."},
            "untold": {"type": ["string", "null"], "description": "Why nobody was told of the ticket."},
            "left_to": {"enum": ["agent", "turn", None], "description": "Who speaks in the conversation instead."},
        },
    },
    side_effect="write",
    permitted=True,
    per_minute=60,
)
_NO_MAILBOX = "the tenant has no mailbox to send from"


@dataclass(frozen=True)
class _Notice:
    """What is told, and to whom. conversation: its row, locked. untold: why nobody is."""

    message: str
    subject: str
    email: str | None
    conversation: Row[Any] | None
    untold: str | None


class NotifyUser:
    """Keeps components.tools.tool.LocalTool. What is to be sent goes through the outbox, in the same transaction."""

    spec = _SPEC

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        connection, tenant = session.connection(), use.tenant.context
        notice = _notice(session, use)
        conversation = notice.conversation
        left_to = conversation and _left_to(use, conversation)
        if left_to:
            conversation = None
        if conversation is not None:
            lineage = {"tool": _SPEC.name, "invocation_id": str(use.invocation_id)}
            add_system_message(connection, tenant, conversation, notice.message, lineage)
        if notice.email is not None:
            queue(
                connection,
                tenant,
                key=f"notice/{use.invocation_id}",
                lane=f"email/{notice.email.lower()}",
                kind=MAIL,
                payload={"to": notice.email, "subject": notice.subject, "text": notice.message},
            )
        result = {
            "message": notice.message,
            "email": notice.email,
            "conversation_id": conversation and str(conversation.conversation_id),
            "channel": conversation and conversation.channel,
            "left_to": left_to,
            "untold": notice.untold,
        }
        return ToolOutcome(result)


def _notice(session: Session, use: ToolUse) -> _Notice:
    asked, connection, tenant = use.arguments, session.connection(), use.tenant.context
    ticket: Ticket | None = None
    if "ticket_id" in asked:
        ticket = read_ticket(connection, tenant, ticket_ref(asked["ticket_id"], "arguments.ticket_id"))
    elif "message" not in asked:
        raise InvalidInput("one of ticket_id and message is needed", field="arguments.message")
    conversation: Row[Any] | None = None
    if use.conversation_id is not None:
        conversation = read_conversation(connection, tenant, use.conversation_id, locked=True)
    elif ticket is not None and ticket.session_id is not None:
        # A ticket may outlive its conversation.
        with suppress(NotFound):
            conversation = read_conversation(connection, tenant, ticket.session_id, locked=True)
    email = _email(use, ticket, conversation)
    untold = None
    if conversation is None and email is None:
        lacking = "no e-mail address is known" if _has_mailbox(use) else _NO_MAILBOX
        untold = f"nobody can be reached: there is no conversation, and {lacking}"
        if "message" in asked:
            raise ToolRefused(untold, field="arguments.email")
    language = conversation.language if conversation else None
    number = f": #{ticket.number}" if ticket else ""
    subject = " ".join((asked.get("subject") or f"{use.tenant.name}{number}").split())
    return _Notice(asked.get("message") or _wording(use, ticket, language), subject, email, conversation, untold)


def _left_to(use: ToolUse, conversation: Row[Any]) -> Literal["agent", "turn"] | None:
    """An agent speaks for themselves, and sees the call. A turn under way says what has become of the wish that it
    is about: the standing text would say it twice."""
    if conversation.status == "agent" and use.caller.kind not in PEOPLE:
        return "agent"
    under_way = conversation.turn_owner is not None and conversation.turn_until > datetime.now(UTC)
    return "turn" if under_way and "message" not in use.arguments else None


def _wording(use: ToolUse, ticket: Ticket | None, language: str | None) -> str:
    assert ticket is not None
    key: WordingKey = "ticket_done" if ticket.status in ("resolved", "closed") else "ticket_kept"
    return say(key, language or read_config(use.tenant.config).language, ticket=str(ticket.number))


def _email(use: ToolUse, ticket: Ticket | None, conversation: Row[Any] | None) -> str | None:
    """Where an e-mail goes beside what is said in the conversation; none where that is brought by e-mail anyway."""
    asked = use.arguments.get("email")
    if not _has_mailbox(use):
        if asked is not None:
            raise ToolRefused(f"nothing can be sent to {asked}: {_NO_MAILBOX}", field="arguments.email")
        return None
    if asked is not None or (conversation is not None and conversation.channel == MAIL_CHANNEL):
        return asked
    known = ticket.requester.email if ticket else ""
    return known or (find_address(conversation) if conversation is not None else None)


def _has_mailbox(use: ToolUse) -> bool:
    return read_config(use.tenant.config).channels.email is not None
