"""One turn worked out: from the customer's message and where the conversation stands to all that is to be stored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID, uuid4

from components.core.errors import DatabaseUnavailable, InvalidInput, NluUnavailable, Unavailable
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.dialogue.commands import command_of
from components.dialogue.conversation_ports import ConversationPorts, TurnScope, TurnServices
from components.dialogue.engine import open_conversation, take_turn
from components.dialogue.state_json import state_from_json
from components.dialogue.turn_events import Delta, TurnEvent, Typing
from components.dialogue.turn_results import TurnBasis, failed, noted, received, told_language, worked
from components.dialogue.turn_returns import (
    came_back,
    fresh_state,
    model_of,
    only_takes_leave,
    reaches_people,
    took_leave,
)
from components.dialogue.turn_types import DialogueState, Step, Surroundings, TurnOutcome
from components.helpdesk.conversations.changes import find_last_change
from components.helpdesk.conversations.conversation import Conversation, Message
from components.helpdesk.conversations.conversations import MOST_MESSAGES
from components.helpdesk.conversations.store import read_last_messages
from components.helpdesk.conversations.turn_records import TurnClaim, TurnResult
from components.helpdesk.tenant_config import read_config
from components.helpdesk.wording import WordingKey, say

MOST_DEATHS = 3

_log = logging.getLogger(__name__)

Tell = Callable[[TurnEvent], None]


@dataclass(frozen=True)
class _Listener:
    """Keeps components.dialogue.turn_types.Listener."""

    tell: Tell

    def replying(self, reply: int, text: str) -> None:
        if text:
            self.tell(Delta(reply, text))

    def stepped(self, step: Step) -> None:
        """Steps are stored with the turn."""


class TurnRunner:
    """Works turns out; it stores none of them. Thread-safe."""

    def __init__(self, database: Database, services: TurnServices, on_step: Callable[[str], None]) -> None:
        self._database, self._services, self._on_step = database, services, on_step

    def opening(
        self, tenant: Tenant, conversation_id: UUID, channel: str, customer: Mapping[str, str], seconds: float
    ) -> tuple[TurnResult, int]:
        """What a new conversation begins with, and the version of the flows that it keeps to its end. Where they do
        not run, it begins with a handover. Raises DatabaseUnavailable."""
        flows = self._services.flows.active(tenant.context)
        basis = self._basis(tenant, conversation_id, channel, None, monotonic() + seconds, flows.version)
        try:
            outcome = open_conversation(
                flows,
                _surroundings(basis, customer),
                basis.ports,
                _Listener(lambda event: None),
                responses=self._responses(tenant.context),
            )
            return self._worked(basis, outcome), flows.version
        except DatabaseUnavailable:
            raise
        except Exception as error:
            return self._failed(basis, error), flows.version

    def turn(
        self, tenant: Tenant, claim: TurnClaim, until: float, tell: Tell, storing: float = 0.0
    ) -> tuple[TurnResult, Mapping[str, float]]:
        """The result, and the seconds in `nlu`, `answer` and `work`. until: by time.monotonic. storing: seconds that
        it took to store the message, for the lineage.

        A turn always ends: what cannot be worked out, or kills one process after the other, becomes an apology, and a
        handover where trying again would not help. Raises DatabaseUnavailable alone: then the message waits for a later
        try.
        """
        conversation, message = claim.conversation, claim.message
        known, own = conversation.language, read_config(tenant.config).language
        language = self._services.languages.detect(message.text, known or own, heard=known is not None)
        basis = self._basis(
            tenant,
            conversation.conversation_id,
            conversation.channel,
            language,
            until,
            conversation.flow_version,
            conversation,
            message,
        )
        basis.ports.seconds["store"] = storing
        returning = conversation.status == "waiting" and command_of(message.text, None) == "start_over"
        if conversation.status == "waiting" and not returning:
            return noted(basis, conversation), basis.ports.seconds
        tell(Typing())
        try:
            if claim.died >= MOST_DEATHS:
                raise RuntimeError(f"{claim.died} processes died in this turn: no other one tries it")
            if conversation.status == "closed" and self._is_for_people(basis, conversation, message):
                return self._returned(basis, conversation, message), basis.ports.seconds
            outcome, lost = self._outcome(basis, conversation, message, tell)
            keys: list[WordingKey] = ["withdrawn"] if returning else []
            if lost:
                keys.append("lost_thread")
            notes = [say(key, basis.scope.language) for key in keys]
            flows = self._services.flows.at(tenant.context, conversation.flow_version)
            told = told_language(basis, flows, outcome)
            if told is not None:
                outcome, note = told
                notes.append(note)
            result = self._worked(basis, outcome, *notes)
        except DatabaseUnavailable:
            raise
        except Exception as error:
            result = self._failed(basis, error)
        return result, basis.ports.seconds

    def fault(self, tenant: Tenant, claim: TurnClaim, error: Exception) -> TurnResult:
        """In place of a result that could not be stored."""
        stood = claim.conversation
        basis = self._basis(
            tenant, stood.conversation_id, stood.channel, stood.language, 0.0, stood.flow_version, stood, claim.message
        )
        return self._failed(basis, error)

    def _basis(
        self,
        tenant: Tenant,
        conversation_id: UUID,
        channel: str,
        language: str | None,
        until: float,
        flow_version: int,
        conversation: Conversation | None = None,
        message: Message | None = None,
    ) -> TurnBasis:
        own = read_config(tenant.config).language
        scope = TurnScope(tenant, conversation_id, channel, language or own, language, own, until, uuid4().hex)
        ports = ConversationPorts(scope, self._services, self._on_step)
        return TurnBasis(scope, ports, flow_version, language, conversation, message)

    def _outcome(
        self, basis: TurnBasis, conversation: Conversation, message: Message, tell: Tell
    ) -> tuple[TurnOutcome, bool]:
        """What the engine makes of the message, and whether the state it stood on could not be used any more."""
        context = basis.scope.tenant.context
        flows = self._services.flows.at(context, conversation.flow_version)
        responses = self._responses(context)
        surroundings = _surroundings(basis, conversation.customer)

        def take(state: DialogueState) -> TurnOutcome:
            listener = _Listener(tell)
            return take_turn(
                flows,
                state,
                message.text,
                surroundings,
                basis.ports,
                listener,
                responses=responses,
                # Not now's: a turn that is run again must come to the same.
                today=message.created_at.date(),
            )

        # Its orders get keys that no earlier turn can have used.
        afresh = fresh_state(flows, message.sequence)
        if conversation.status == "closed":
            return take(afresh), False
        try:
            return take(state_from_json(conversation.state)), False
        except InvalidInput as error:
            _log.error("conversation %s starts over: %s", conversation.conversation_id, error)
        return take(DialogueState(turns=message.sequence)), True

    def _responses(self, tenant: TenantContext) -> Mapping[str, tuple[str, ...]]:
        """Small talk is what a conversation can go without."""
        try:
            return self._services.understandings.responses(tenant)
        except NluUnavailable:
            return {}

    def _is_for_people(self, basis: TurnBasis, conversation: Conversation, message: Message) -> bool:
        tenant = basis.scope.tenant
        window = timedelta(hours=read_config(tenant.config).handover.reopen_hours)
        with self._database.tenant(tenant.context) as session:
            last = find_last_change(session.connection(), tenant.context, conversation.conversation_id)
        return reaches_people(last, message, window)

    def _returned(self, basis: TurnBasis, conversation: Conversation, message: Message) -> TurnResult:
        """The customer of a conversation that was resolved takes leave, or waits for those who had resolved it."""
        flows = self._services.flows.at(basis.scope.tenant.context, conversation.flow_version)
        try:
            found = basis.ports.understand(message.text, model_of(flows))
        except NluUnavailable:
            found = None
        if only_takes_leave(message.text, found):
            return took_leave(basis, conversation, found)
        ticket = self._services.receptionist.reopen_ticket(basis.scope.tenant, conversation.conversation_id)
        return self._received(basis, came_back(basis, conversation, found, self._earlier(basis), ticket))

    def _worked(self, basis: TurnBasis, outcome: TurnOutcome, *notes: str) -> TurnResult:
        earlier = self._earlier(basis) if outcome.handover is not None else ()
        return self._received(basis, worked(basis, outcome, earlier, notes))

    def _received(self, basis: TurnBasis, result: TurnResult) -> TurnResult:
        if result.status != "waiting":
            return result
        told = received(basis, result, self._services.receptionist)
        self._on_step("after_arrival")
        return told

    def _failed(self, basis: TurnBasis, error: Exception) -> TurnResult:
        temporary = isinstance(error, Unavailable)
        _log.error("a turn of conversation %s failed: %s", basis.scope.conversation_id, error, exc_info=not temporary)
        earlier = () if temporary else self._earlier(basis)
        return self._received(basis, failed(basis, error, earlier, temporary=temporary))

    def _earlier(self, basis: TurnBasis) -> tuple[Message, ...]:
        if basis.message is None:
            return ()
        tenant, conversation_id = basis.scope.tenant.context, basis.scope.conversation_id
        with self._database.tenant(tenant) as session:
            return read_last_messages(
                session.connection(), tenant, conversation_id, basis.message.sequence, MOST_MESSAGES
            )


def _surroundings(basis: TurnBasis, customer: Mapping[str, str]) -> Surroundings:
    tenant = basis.scope.tenant
    config = read_config(tenant.config)
    about = {"name": tenant.name, "greeting": config.greeting, "contact": config.contact}
    return Surroundings(basis.scope.conversation_id, customer, about, basis.scope.language)
