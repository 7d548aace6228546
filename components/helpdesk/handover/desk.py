"""What agents do with a conversation: take it, write in it, pass it on, end it; each once, by whoever owns it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, update

from components.core.errors import Conflict, InvalidInput
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.access.roles import require
from components.helpdesk.conversations.attached import read_attachments
from components.helpdesk.conversations.conversation import Conversation, Message, MessageDetails
from components.helpdesk.conversations.ownership import ChangeKind, change, is_known_request
from components.helpdesk.conversations.store import (
    CONVERSATIONS,
    MESSAGES,
    OF_CONVERSATION,
    OF_MESSAGES,
    client_id_stored,
    conversation_of,
    keys,
    message_of,
    read_conversation,
)
from components.helpdesk.conversations.storing import insert_messages
from components.helpdesk.conversations.turn_records import NewMessage
from components.helpdesk.handover.agents import Agent, Agents
from components.helpdesk.outcome_rows import follow_agent
from components.helpdesk.storable import storable
from components.helpdesk.wording import WordingKey, say

LONGEST_TEXT = 10_000


class Desk:
    """One transaction a call. Every method raises NotFound for a conversation that the tenant does not have,
    Conflict where it is not this agent's or not in a state that allows it, InvalidInput, DatabaseUnavailable.
    Who may not answer customers gets none: AccessDenied.

    request_id: the caller's own id of the wish; the same one again changes nothing and gives what stands now.
    """

    def __init__(self, database: Database, agents: Agents) -> None:
        self._database, self._agents = database, agents

    def claim(
        self, tenant: TenantContext, agent: Agent, conversation_id: UUID, *, request_id: str | None = None
    ) -> Conversation:
        """The agent owns it from now on; of several who try at once one does, and the others get a Conflict that names
        the one. It may be the bot's: then the bot falls silent."""
        require(agent.role, "answer_customers")
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            row = read_conversation(connection, tenant, conversation_id, locked=True)
            if _known(connection, tenant, row, "claim", request_id):
                return conversation_of(row)
            if row.status == "agent":
                raise self._owned(connection, tenant, row, agent)
            row = change(
                connection,
                tenant,
                row,
                "claim",
                actor="agent",
                agent_id=agent.agent_id,
                owner=agent.agent_id,
                request_id=request_id,
            )
            return _told(connection, tenant, row, "agent_joined", name=agent.name)

    def say(
        self,
        tenant: TenantContext,
        agent: Agent,
        conversation_id: UUID,
        *,
        client_message_id: str,
        text: str,
        attachments: Sequence[UUID] = (),
    ) -> tuple[Message, bool]:
        """The agent's message as it is stored, and whether it was before: the same client_message_id is one message."""
        said = _checked_text(text)
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            row = read_conversation(connection, tenant, conversation_id, locked=True)
            known = _find_message(connection, tenant, conversation_id, client_message_id)
            if known is not None:
                if known.text != said or known.details.agent_id != agent.agent_id:
                    raise Conflict(
                        f"client_message_id={client_message_id!r} was given to another message before: a new message "
                        "needs a new one",
                        field="client_message_id",
                    )
                return known, True
            self._require_owner(connection, tenant, row, agent)
            carried = read_attachments(connection, tenant, conversation_id, attachments, "agent")
            details = MessageDetails(attachments=carried, speaker=agent.name, agent_id=agent.agent_id)
            message, row = _add(connection, tenant, row, NewMessage(said, details, "agent"), client_message_id)
            follow_agent(connection, tenant, row, message.created_at)
            return message, False

    def release(
        self, tenant: TenantContext, agent: Agent, conversation_id: UUID, *, request_id: str | None = None
    ) -> Conversation:
        """Back into the queue."""
        return self._leave(tenant, agent, conversation_id, "release", "back_in_queue", request_id)

    def transfer(
        self,
        tenant: TenantContext,
        agent: Agent,
        conversation_id: UUID,
        *,
        to_agent: UUID | None = None,
        to_team: str | None = None,
        reason: str = "",
        request_id: str | None = None,
    ) -> Conversation:
        """Into a team's queue, or where a colleague is asked first: one of the two."""
        if (to_agent is None) == (to_team is None):
            raise InvalidInput("transfer: one of to_agent and to_team is needed", field="to_agent")
        if to_agent is not None:
            require(self._agents.get(tenant, to_agent).role, "answer_customers")
        details = {"to_agent": to_agent and str(to_agent), "to_team": to_team, "reason": storable(reason, "reason")}
        return self._leave(
            tenant, agent, conversation_id, "transfer", "passed_on", request_id, details, to_agent, to_team
        )

    def give_back(
        self, tenant: TenantContext, agent: Agent, conversation_id: UUID, *, request_id: str | None = None
    ) -> Conversation:
        """To the bot, which goes on where it stood."""
        return self._leave(tenant, agent, conversation_id, "give_back", "with_assistant_again", request_id)

    def resolve(
        self, tenant: TenantContext, agent: Agent, conversation_id: UUID, *, request_id: str | None = None
    ) -> Conversation:
        """Done: the customer is told, and may say how it was. Who writes again soon reaches this agent's queue."""
        return self._leave(tenant, agent, conversation_id, "resolve", "resolved", request_id)

    def read(
        self, tenant: TenantContext, conversation_id: UUID, reader: str, sequence: int
    ) -> tuple[Conversation, bool]:
        """How far `reader`, customer or agent, has read; what is further back changes nothing. The conversation, and
        whether that is news."""
        column = {"customer": CONVERSATIONS.c.customer_read, "agent": CONVERSATIONS.c.agent_read}[reader]
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            news = connection.execute(
                update(CONVERSATIONS)
                .where(OF_CONVERSATION, column < func.least(sequence, CONVERSATIONS.c.last_sequence))
                .values({column: func.least(sequence, CONVERSATIONS.c.last_sequence)})
                .returning(CONVERSATIONS),
                keys(tenant, conversation_id),
            ).one_or_none()
            row = news if news is not None else read_conversation(connection, tenant, conversation_id)
            return conversation_of(row), news is not None

    def _leave(
        self,
        tenant: TenantContext,
        agent: Agent,
        conversation_id: UUID,
        kind: ChangeKind,
        told: WordingKey,
        request_id: str | None,
        details: Mapping[str, Any] | None = None,
        owner: UUID | None = None,
        team: str | None = None,
    ) -> Conversation:
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            row = read_conversation(connection, tenant, conversation_id, locked=True)
            if _known(connection, tenant, row, kind, request_id):
                return conversation_of(row)
            self._require_owner(connection, tenant, row, agent)
            row = change(
                connection,
                tenant,
                row,
                kind,
                actor="agent",
                agent_id=agent.agent_id,
                owner=owner,
                team=team,
                details=details or {},
                request_id=request_id,
            )
            return _told(connection, tenant, row, told, **({"name": agent.name} if told == "resolved" else {}))

    def _require_owner(self, connection: Connection, tenant: TenantContext, row: Row[Any], agent: Agent) -> None:
        if row.status != "agent":
            raise Conflict(
                f"the conversation is in state {row.status!r}: claim it before you write in it", field="status"
            )
        if row.agent_id != agent.agent_id:
            raise self._owned(connection, tenant, row, agent)

    def _owned(self, connection: Connection, tenant: TenantContext, row: Row[Any], agent: Agent) -> Conflict:
        if row.agent_id == agent.agent_id:
            return Conflict("you own this conversation already", field="agent_id")
        owner = next((each.name for each in self._agents.list(tenant) if each.agent_id == row.agent_id), "a colleague")
        return Conflict(f"{owner} owns this conversation: one agent at a time does", field="agent_id")


def add_system_message(
    connection: Connection,
    tenant: TenantContext,
    row: Row[Any],
    text: str,
    lineage: Mapping[str, Any] | None = None,
    *,
    author: Literal["system", "bot"] = "system",
) -> Row[Any]:
    """Says something in the helpdesk's own name, or in the bot's; row: the conversation's, locked; as it stands
    then."""
    _, row = _add(connection, tenant, row, NewMessage(text, MessageDetails(lineage=lineage or {}), author), None)
    return row


def _told(connection: Connection, tenant: TenantContext, row: Row[Any], key: WordingKey, **values: str) -> Conversation:
    """The customer hears of it in their language."""
    return conversation_of(add_system_message(connection, tenant, row, say(key, row.language, **values), {"told": key}))


def _add(
    connection: Connection, tenant: TenantContext, row: Row[Any], new: NewMessage, client_message_id: str | None
) -> tuple[Message, Row[Any]]:
    at = func.clock_timestamp()
    values: dict[str, Any] = {"last_sequence": CONVERSATIONS.c.last_sequence + 1, "updated_at": at}
    if new.author == "agent":
        values |= {"agent_wrote_at": at}
    moved = connection.execute(
        update(CONVERSATIONS).where(OF_CONVERSATION).values(values).returning(CONVERSATIONS),
        keys(tenant, row.conversation_id),
    ).one()
    (message,) = insert_messages(
        connection,
        tenant,
        row.conversation_id,
        [new],
        first=moved.last_sequence,
        at=moved.updated_at,
        channel=moved.channel,
        client_message_id=client_message_id,
    )
    return replace(message), moved


def _known(
    connection: Connection, tenant: TenantContext, row: Row[Any], kind: ChangeKind, request_id: str | None
) -> bool:
    return request_id is not None and is_known_request(connection, tenant, row.conversation_id, kind, request_id)


def _find_message(
    connection: Connection, tenant: TenantContext, conversation_id: UUID, client_message_id: str
) -> Message | None:
    stored = client_id_stored("agent", client_message_id)
    query = select(MESSAGES).where(OF_MESSAGES, MESSAGES.c.client_message_id == stored)
    row = connection.execute(query, keys(tenant, conversation_id)).one_or_none()
    return None if row is None else message_of(row)


def _checked_text(text: str) -> str:
    said = storable(text, "text").strip()
    if not 1 <= len(said) <= LONGEST_TEXT:
        raise InvalidInput(f"text has {len(said)} characters: 1 to {LONGEST_TEXT} are allowed", field="text")
    return said
