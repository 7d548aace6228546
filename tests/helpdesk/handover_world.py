"""A helpdesk's people and their conversations, without the models of a turn: what the timers stand on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from components.core.errors import WorkflowUnavailable
from components.core.tenant import Tenant, TenantContext
from components.core.tickets import TicketRequest
from components.database.session import Database
from components.database.tables import OutboxRow, TicketRow
from components.helpdesk.conversations.claiming import accept_message
from components.helpdesk.conversations.conversation import Conversation
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.conversations.finishing import finish_turn
from components.helpdesk.conversations.opening import store_opening
from components.helpdesk.conversations.turn_records import NewMessage, TurnClaim, TurnResult
from components.helpdesk.handover.agents import Agent, Agents
from components.helpdesk.handover.arrivals import Arrivals, Clock, utc_now
from components.helpdesk.handover.desk import Desk
from components.helpdesk.handover.timers import Timers
from components.helpdesk.outcomes import Outcomes
from components.helpdesk.tickets.of_conversations import ConversationTickets
from components.helpdesk.tickets.tickets import Tickets
from tests.staff import hired

LEASE = 30.0


class Office:
    """Keeps TicketOffice: the real one, which can be out of reach."""

    def __init__(self, database: Database) -> None:
        self._real = ConversationTickets(database, Tickets(database))
        self.down = False

    def create(self, tenant: TenantContext, request: TicketRequest, *, deadline: float) -> int:
        if self.down:
            raise WorkflowUnavailable("the ticket system does not answer")
        return self._real.create(tenant, request, deadline=deadline)

    def reopen(self, tenant: TenantContext, conversation_id: UUID) -> int | None:
        if self.down:
            raise WorkflowUnavailable("the ticket system does not answer")
        return self._real.reopen(tenant, conversation_id)


@dataclass
class HandoverWorld:
    """One tenant's. clock: of arrivals and timers."""

    database: Database
    tenant: Tenant
    clock: Clock = utc_now
    office: Office = field(init=False)

    def __post_init__(self) -> None:
        self.office = Office(self.database)
        self.agents = Agents(self.database)
        self.desk = Desk(self.database, self.agents)
        self.outcomes = Outcomes(self.database)
        self.conversations = Conversations(self.database)

    @property
    def context(self) -> TenantContext:
        return self.tenant.context

    def timers(self, on_step: Callable[[str], None] = lambda step: None) -> Timers:
        return Timers(
            self.database,
            Arrivals(self.database, self.office, clock=self.clock),
            Tickets(self.database, clock=self.clock),
            clock=self.clock,
            on_step=on_step,
        )

    def agent(self, name: str) -> Agent:
        return hired(self.database, self.context, name)

    def opened(self, *, channel: str = "web", language: str = "en", **customer: str) -> UUID:
        opening = TurnResult((NewMessage("Hello"),), "bot", {}, language)
        conversation, _ = store_opening(
            self.database, self.context, uuid4(), opening, channel=channel, customer=customer, flow_version=1
        )
        return conversation.conversation_id

    def claimed_turn(self, conversation_id: UUID, text: str = "hello?") -> TurnClaim:
        accepted = accept_message(self.database, self.context, conversation_id, uuid4().hex, text, LEASE)
        assert isinstance(accepted.now, TurnClaim)
        return accepted.now

    def turn(self, conversation_id: UUID, *replies: str, **changes: Any) -> Conversation:
        """A turn of the bot's; changes: of its result, such as status."""
        claim = self.claimed_turn(conversation_id)
        values: dict[str, Any] = {"status": "bot", "state": {}, "language": claim.conversation.language, **changes}
        stored = finish_turn(
            self.database, self.context, claim, TurnResult(tuple(NewMessage(each) for each in replies), **values)
        )
        assert stored is not None
        return stored.conversation

    def waiting(self, conversation_id: UUID | None = None, **handover: Any) -> UUID:
        conversation_id = conversation_id or self.opened()
        asked: Mapping[str, Any] = {"reason": "asked_by_customer", "node": "main.a", "sequence": 2, **handover}
        self.turn(conversation_id, "A colleague will come", status="waiting", handover=asked)
        return conversation_id

    def writes(self, conversation_id: UUID, text: str = "are you there?") -> None:
        """The customer, to an agent."""
        accept_message(self.database, self.context, conversation_id, uuid4().hex, text, LEASE)

    def get(self, conversation_id: UUID) -> Conversation:
        return self.conversations.get(self.context, conversation_id)

    def told(self, conversation_id: UUID) -> list[str]:
        """What the helpdesk said in its own name."""
        messages = self.conversations.messages(self.context, conversation_id)
        assert [each.sequence for each in messages] == list(range(1, len(messages) + 1))
        return [each.text for each in messages if each.author == "system"]

    def tickets(self) -> list[TicketRow]:
        with self.database.tenant(self.context) as session:
            return list(session.scalars(select(TicketRow).order_by(TicketRow.number)))

    def mails(self) -> list[dict[str, Any]]:
        with self.database.tenant(self.context) as session:
            return list(session.scalars(select(OutboxRow.payload).where(OutboxRow.kind == "email")))
