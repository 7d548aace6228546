"""What sockets are told, as JSON: each event of the namespace has its shape here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.api.chat_types import Link, Render, chat_messages
from apps.api.handover.sockets import Socket
from components.core.tenant import TenantContext
from components.helpdesk.conversations.conversation import Message
from components.helpdesk.handover.agents import Agent
from components.helpdesk.handover.notes import Note
from components.helpdesk.handover.watching import Standing

# What is of the helpdesk's own concern.
_NOT_CUSTOMERS = ("agent_id", "team", "priority", "changed")


class Wire:
    """Makes messages and conversations into what an event carries."""

    def __init__(self, render: Render, linking: Callable[[TenantContext], Link]) -> None:
        """render: a message as safe HTML. linking: what makes the links of a tenant's attachments."""
        self._render, self._linking = render, linking

    def messages(self, socket: Socket, session_id: str, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
        """In their order."""
        shown = chat_messages(messages, self._linking(socket.tenant.context), self._render)
        return [{"session_id": session_id, **each.model_dump(mode="json")} for each in shown]

    def conversation(self, socket: Socket, standing: Standing) -> dict[str, Any]:
        """As this socket may see it."""
        stands = standing.conversation
        shown = {
            "session_id": str(stands.conversation_id),
            "status": stands.status,
            "agent": standing.agent if stands.status == "agent" or socket.agent is not None else None,
            "agent_id": str(stands.agent_id) if stands.agent_id else None,
            "team": stands.team,
            "priority": stands.priority,
            "position": standing.position,
            "waiting_since": stands.waiting_since.isoformat() if stands.waiting_since else None,
            "last_sequence": stands.last_sequence,
            "customer_read": stands.customer_read,
            "agent_read": stands.agent_read,
            "channel": stands.channel,
            "language": stands.language,
            # So many events: a reply that did not arrive is one, and changes nothing else.
            "changed": stands.changes,
        }
        if socket.agent is None:
            for name in _NOT_CUSTOMERS:
                del shown[name]
        return shown


def event_of(message: Message) -> str:
    """The event that a message is told by."""
    return "agent_to_user" if message.author == "agent" else "message"


def note_told(note: Note) -> dict[str, Any]:
    return {
        "session_id": str(note.conversation_id),
        "note_id": str(note.note_id),
        "agent_id": str(note.agent_id),
        "name": note.name,
        "text": note.text,
        "client_note_id": note.client_note_id,
        "created_at": note.created_at.isoformat(),
    }


def presence_told(agent: Agent) -> dict[str, Any]:
    return {"agent_id": str(agent.agent_id), "name": agent.name, "presence": agent.presence}
