"""What is stored of a turn, by how it went: worked out, failed, handed over, or only noted for a colleague."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from components.core.errors import HelpdeskError
from components.core.nlu import Understanding
from components.dialogue.conversation_ports import ConversationPorts, Receptionist, TurnScope
from components.dialogue.flow import AskNode, FlowSet
from components.dialogue.state_json import LARGEST_VARIABLES, size_of, state_to_json
from components.dialogue.turn_handover import handover_context
from components.dialogue.turn_lineage import lineage_of, new_messages, versions_used
from components.dialogue.turn_types import DialogueState, Handover, Reply, Step, TurnOutcome
from components.helpdesk.conversations.conversation import Conversation, Message, MessageDetails, Status
from components.helpdesk.conversations.turn_records import NewMessage, TurnResult
from components.helpdesk.handover.arrivals import Waiting
from components.helpdesk.wording import WordingKey, only_goes_on_in, say

SERVICE_NODE = "turn"
# The language in which the customer was told that flows speak another one; templates do not read it.
_TOLD = "_told_language"
_SPEAKING = frozenset({"message", "small_talk"})


@dataclass(frozen=True)
class TurnBasis:
    """What a turn stands on. conversation, message: None in an opening. language: to be remembered of the customer,
    None while unknown. earlier: reads the messages before this one, for a handover."""

    scope: TurnScope
    ports: ConversationPorts
    flow_version: int
    language: str | None = None
    conversation: Conversation | None = None
    message: Message | None = None


def worked(basis: TurnBasis, outcome: TurnOutcome, earlier: Sequence[Message], notes: Sequence[str] = ()) -> TurnResult:
    """A turn of the engine's. earlier: the messages before, read where it hands over. notes: what is said before the
    engine's replies, in the conversation's own name."""
    handover = outcome.handover
    lineage = _lineage(basis, outcome.steps, outcome.understanding, handover, None)
    said = (*_notes(notes), *new_messages(outcome.replies, {}))
    context = None
    if handover is not None:
        context = handover_context(
            handover,
            basis.message,
            earlier,
            state=outcome.state,
            understanding=outcome.understanding,
            language=basis.scope.language,
            answer_ids=[each.answer_id for each in basis.ports.answered],
        )
    return TurnResult(
        replies=_with_lineage(said, lineage),
        status="bot" if handover is None else "waiting",
        state=state_to_json(outcome.state),
        language=basis.language,
        handover=context,
        versions=_versions(basis, outcome),
    )


def failed(basis: TurnBasis, error: Exception, earlier: Sequence[Message], *, temporary: bool) -> TurnResult:
    """A turn that was not worked out: an apology, and nothing has moved. temporary: the customer may try again; else
    a person takes over."""
    code = error.code if isinstance(error, HelpdeskError) else "fault"
    step = Step(SERVICE_NODE, "fault", f"{code}: the turn was not worked out")
    key: WordingKey = "apology" if temporary else "apology_handover"
    reply = Reply(say(key, basis.scope.language), SERVICE_NODE)
    handover = None if temporary else Handover("fault", SERVICE_NODE)
    lineage = _lineage(basis, (step,), None, handover, code)
    stood = basis.conversation
    context = None
    if handover is not None:
        context = handover_context(
            handover,
            basis.message,
            earlier,
            state=DialogueState(variables=(stood.state.get("variables") or {}) if stood else {}),
            understanding=None,
            language=basis.scope.language,
            answer_ids=(),
        )
    return TurnResult(
        replies=new_messages((reply,), lineage),
        status="bot" if temporary else "waiting",
        state=stood.state if stood else state_to_json(DialogueState()),
        language=basis.language,
        handover=context,
        versions=_versions(basis, None),
    )


def noted(basis: TurnBasis, waiting: Conversation) -> TurnResult:
    """A message that waits for a person: that it was added is said once a handover."""
    handover = dict(waiting.handover or {})
    said = [] if handover.get("acknowledged") else [say("added_for_colleague", basis.scope.language)]
    return said_itself(basis, waiting, said, "added for the colleague", "waiting", {**handover, "acknowledged": True})


def said_itself(
    basis: TurnBasis,
    stood: Conversation,
    texts: Sequence[str],
    what: str,
    status: Status,
    handover: Mapping[str, Any] | None,
    understanding: Understanding | None = None,
) -> TurnResult:
    """A turn without the engine, which stays where it was. texts: in the helpdesk's own name. what: the step taken."""
    step = Step(SERVICE_NODE, stood.status, what)
    lineage = _lineage(basis, (step,), understanding, None, None)
    if status == "closed":
        lineage.pop("reopened", None)
    return TurnResult(
        replies=_with_lineage(_notes(texts), lineage),
        status=status,
        state=stood.state,
        language=basis.language,
        handover=handover,
        versions=versions_used(stood.versions, basis.flow_version, understanding, ()),
    )


def received(basis: TurnBasis, result: TurnResult, receptionist: Receptionist) -> TurnResult:
    """A result that hands over, with what the customer is told of the queue or of a ticket."""
    handover, stood = dict(result.handover or {}), basis.conversation
    arrival = receptionist.receive(
        Waiting(
            basis.scope.tenant,
            basis.scope.conversation_id,
            basis.scope.language,
            stood.team if stood else "",
            handover.get("priority") or (stood.priority if stood else "normal"),
            handover,
        )
    )
    note = NewMessage(arrival.text, MessageDetails(lineage={"told": arrival.key}), "system")
    known = {} if arrival.ticket is None else {"ticket": arrival.ticket}
    return replace(result, replies=(*result.replies, note), handover={**handover, **known})


def told_language(basis: TurnBasis, flows: FlowSet, outcome: TurnOutcome) -> tuple[TurnOutcome, str] | None:
    """Before the first of a flow's own texts that a customer of another language gets: that it is in the tenant's.
    The outcome that remembers it, and what is said; None where there is nothing to say."""
    language, own = basis.scope.language, basis.scope.knowledge_language
    state = outcome.state
    if language == own or state.variables.get(_TOLD) == language or not _speaks(flows, outcome):
        return None
    variables = {**state.variables, _TOLD: language}
    if size_of(variables) > LARGEST_VARIABLES:
        return None
    return replace(outcome, state=replace(state, variables=variables)), only_goes_on_in(own, language)


def _speaks(flows: FlowSet, outcome: TurnOutcome) -> bool:
    """Whether a text of a flow, or of the NLU project, is among the replies: the other ones are in any language."""
    if any(step.type in _SPEAKING for step in outcome.steps):
        return True
    last = outcome.state.frames[-1] if outcome.state.frames else None
    return last is not None and isinstance(flows.flows[last.flow].nodes[last.node], AskNode)


def _notes(texts: Sequence[str]) -> tuple[NewMessage, ...]:
    return tuple(NewMessage(text, author="system") for text in texts)


def _with_lineage(said: Sequence[NewMessage], lineage: Mapping[str, Any]) -> tuple[NewMessage, ...]:
    """The first message carries the turn's lineage, beside what it has of its own."""
    if not said:
        return ()
    first, *others = said
    carrying = replace(first.details, lineage={**lineage, **first.details.lineage})
    return (NewMessage(first.text, carrying, first.author), *others)


def _lineage(
    basis: TurnBasis,
    steps: Sequence[Step],
    understanding: Understanding | None,
    handover: Handover | None,
    fault: str | None,
) -> dict[str, Any]:
    stood = basis.conversation
    return lineage_of(
        steps,
        understanding,
        basis.ports.seconds,
        trace_id=basis.scope.trace_id,
        language=basis.scope.language,
        handover=handover.reason if handover else None,
        fault=fault,
        reopened=True if stood is not None and stood.status == "closed" else None,
    )


def _versions(basis: TurnBasis, outcome: TurnOutcome | None) -> dict[str, Any]:
    before = basis.conversation.versions if basis.conversation else {}
    understanding = outcome.understanding if outcome else None
    return versions_used(before, basis.flow_version, understanding, basis.ports.answered)
