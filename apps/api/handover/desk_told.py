"""How the agents' routes tell what they have read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from apps.api.chat_types import Link, Render, chat_messages
from apps.api.handover.desk_types import (
    DeskChange,
    DeskMessage,
    DeskNote,
    DossierTold,
    EarlierTold,
    QueueEntry,
    QueueMessage,
    SuggestionsTold,
    SuggestionTold,
    TicketTold,
)
from components.core.tenant import TenantContext
from components.helpdesk.conversations.conversation import Message, MessageDetails
from components.helpdesk.handover.dossier import Dossier
from components.helpdesk.handover.notes import Note
from components.helpdesk.handover.queue import QueueItem
from components.helpdesk.handover.suggestions import Suggested, Suggestion

# Beyond any message's: the parts of a suggestion's HTML have ids of their own.
_FIRST_OF_SUGGESTIONS = 2**40
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class DeskTelling:
    """Makes what the components give into what the routes answer."""

    def __init__(self, render: Render, linking: Callable[[TenantContext], Link]) -> None:
        """render: a message as safe HTML. linking: what makes the links of a tenant's attachments."""
        self._render, self._linking = render, linking

    def messages(self, tenant: TenantContext, messages: Iterable[Message]) -> list[DeskMessage]:
        """In their order."""
        found = list(messages)
        told = chat_messages(found, self._linking(tenant), self._rendered)
        return [
            DeskMessage(**each.model_dump(), lineage=dict(message.details.lineage))
            for each, message in zip(told, found, strict=True)
        ]

    def queue_entry(self, item: QueueItem) -> QueueEntry:
        stands, level = item.conversation, item.service_level
        said = item.last
        last = QueueMessage(author=said.author, text=said.text, created_at=said.created_at) if said else None
        return QueueEntry(
            session_id=stands.conversation_id,
            status=stands.status,
            channel=stands.channel,
            language=stands.language,
            customer=dict(stands.customer),
            priority=stands.priority,
            vip=item.vip,
            team=stands.team,
            agent_id=stands.agent_id,
            agent=item.owner,
            meant_for_me=item.meant_for_me,
            position=item.position,
            reason=(stands.handover or {}).get("reason"),
            waiting_since=level.since if level else None,
            sla=level.colour if level else None,
            amber_at=level.amber_at if level else None,
            red_at=level.red_at if level else None,
            unread=item.unread,
            last=last,
            last_sequence=stands.last_sequence,
            updated_at=stands.updated_at,
        )

    def dossier(self, tenant: TenantContext, dossier: Dossier, notes: Sequence[Note]) -> DossierTold:
        stands, agents = dossier.conversation, dossier.agents
        return DossierTold(
            session_id=stands.conversation_id,
            status=stands.status,
            channel=stands.channel,
            language=stands.language,
            customer=dict(stands.customer),
            priority=stands.priority,
            team=stands.team,
            agent_id=stands.agent_id,
            agent=_name(agents, stands.agent_id),
            position=dossier.position,
            waiting_since=stands.waiting_since,
            created_at=stands.created_at,
            last_sequence=stands.last_sequence,
            customer_read=stands.customer_read,
            agent_read=stands.agent_read,
            handover=dict(stands.handover) if stands.handover else None,
            versions=dict(stands.versions),
            messages=self.messages(tenant, dossier.messages),
            changes=[
                DeskChange(
                    number=each.number,
                    kind=each.kind,
                    actor=each.actor,
                    agent=_name(agents, each.agent_id),
                    status_before=each.status_before,
                    status_after=each.status_after,
                    details=dict(each.details),
                    at=each.at,
                )
                for each in dossier.changes
            ],
            notes=[
                DeskNote(
                    note_id=each.note_id,
                    agent_id=each.agent_id,
                    name=each.name,
                    text=each.text,
                    client_note_id=each.client_note_id,
                    created_at=each.created_at,
                )
                for each in notes
            ],
            earlier=[
                EarlierTold(
                    session_id=each.conversation_id,
                    status=each.status,
                    channel=each.channel,
                    created_at=each.created_at,
                    updated_at=each.updated_at,
                    summary=each.summary,
                )
                for each in dossier.earlier
            ],
            tickets=[
                TicketTold(
                    ticket_id=each.ticket_id,
                    number=each.number,
                    subject=each.subject,
                    status=each.status,
                    priority=each.priority,
                    session_id=each.conversation_id,
                )
                for each in dossier.tickets
            ],
        )

    def suggestions(self, suggested: Suggested) -> SuggestionsTold:
        """Each rendered as the bot would have said it."""
        found = [self._suggestion(number, each) for number, each in enumerate(suggested.suggestions)]
        state: Literal["found", "nothing", "no_question", "unavailable"]
        if found:
            state = "found"
        elif not suggested.asked:
            state = "no_question"
        else:
            state = "nothing" if suggested.complete else "unavailable"
        return SuggestionsTold(state=state, asked=list(suggested.asked), suggestions=found)

    def _suggestion(self, number: int, suggestion: Suggestion) -> SuggestionTold:
        details = MessageDetails(citations=suggestion.citations)
        shown = Message(_FIRST_OF_SUGGESTIONS + number, "bot", suggestion.text, _NEVER, details=details)
        return SuggestionTold(
            question=suggestion.question,
            sequence=suggestion.sequence,
            text=suggestion.text,
            insert=suggestion.insert,
            html=self._render(shown),
            confidence=suggestion.confidence,
            answer_id=suggestion.answer_id,
        )

    def _rendered(self, message: Message) -> str:
        """Without the buttons and thumbs that are the customer's to press."""
        details = replace(message.details, answer_id=None, buttons=())
        return self._render(replace(message, details=details))


def _name(agents: dict[UUID, str], agent_id: UUID | None) -> str | None:
    return agents.get(agent_id) if agent_id else None
