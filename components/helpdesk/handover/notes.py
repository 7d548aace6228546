"""What agents tell each other about a conversation: kept with it, and never shown to its customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import insert

from components.core.errors import Conflict, InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AgentRow, InternalNoteRow
from components.helpdesk.conversations.store import read_conversation
from components.helpdesk.handover.agents import Agent
from components.helpdesk.storable import storable

LONGEST_NOTE = 10_000
# Tells "tenant_id conversation_id note_id" of each new note, once it is stored.
CHANNEL = "helpdesk_notes"

_NOTES = InternalNoteRow.metadata.tables[InternalNoteRow.__tablename__]
_AGENTS = AgentRow.metadata.tables[AgentRow.__tablename__]
_READ = select(_NOTES, _AGENTS.c.name.label("name")).join(
    _AGENTS, (_AGENTS.c.tenant_id == _NOTES.c.tenant_id) & (_AGENTS.c.agent_id == _NOTES.c.agent_id)
)


@dataclass(frozen=True)
class Note:
    """One note. name: of the agent who wrote it. client_note_id: the agent's own id of it."""

    note_id: UUID
    conversation_id: UUID
    agent_id: UUID
    name: str
    text: str
    client_note_id: str
    created_at: datetime


class Notes:
    """Adds and reads notes. Every method raises DatabaseUnavailable, and NotFound for a conversation that the tenant
    does not have."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, tenant: TenantContext, agent: Agent, conversation_id: UUID, *, client_note_id: str, text: str
    ) -> tuple[Note, bool]:
        """The note as it is stored, and whether it was before: the same client_note_id is one note.

        Raises InvalidInput, Conflict where the id was another note's.
        """
        said = _checked(text)
        values = {
            "note_id": uuid4(),
            "tenant_id": tenant.tenant_id,
            "conversation_id": conversation_id,
            "agent_id": agent.agent_id,
            "text": said,
            "client_note_id": client_note_id,
        }
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            read_conversation(connection, tenant, conversation_id)
            statement = insert(_NOTES).values(values).on_conflict_do_nothing().returning(_NOTES.c.note_id)
            added = connection.execute(statement).one_or_none()
            known = _NOTES.c.conversation_id == conversation_id, _NOTES.c.client_note_id == client_note_id
            note = _note(connection.execute(_READ.where(*known)).one())
            if added is not None:
                told = f"{tenant.tenant_id} {conversation_id} {note.note_id}"
                connection.execute(select(func.pg_notify(CHANNEL, told)))
        if (note.text, note.agent_id) != (said, agent.agent_id):
            raise Conflict(
                f"client_note_id={client_note_id!r} was given to another note before: a new note needs a new one",
                field="client_note_id",
            )
        return note, added is None

    def get(self, tenant: TenantContext, note_id: UUID) -> Note:
        """Raises NotFound."""
        with self._database.tenant(tenant) as session:
            row = session.execute(_READ.where(_NOTES.c.note_id == note_id)).one_or_none()
        if row is None:
            raise NotFound(f"no note has the id {note_id}", field="note_id")
        return _note(row)

    def list(self, tenant: TenantContext, conversation_id: UUID) -> tuple[Note, ...]:
        """All of a conversation's, oldest first."""
        query = _READ.where(_NOTES.c.conversation_id == conversation_id)
        with self._database.tenant(tenant) as session:
            read_conversation(session.connection(), tenant, conversation_id)
            rows = session.execute(query.order_by(_NOTES.c.created_at, _NOTES.c.note_id))
            return tuple(_note(row) for row in rows)


def _note(row: Row[Any]) -> Note:
    return Note(row.note_id, row.conversation_id, row.agent_id, row.name, row.text, row.client_note_id, row.created_at)


def _checked(text: str) -> str:
    said = storable(text, "text").strip()
    if not 1 <= len(said) <= LONGEST_NOTE:
        raise InvalidInput(f"text has {len(said)} characters: 1 to {LONGEST_NOTE} are allowed", field="text")
    return said
