"""One turn as it goes: what it reads, says and remembers, until it becomes an outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from components.core.errors import InvalidFlow, InvalidInput, NluUnavailable
from components.core.nlu import Entity, Understanding
from components.dialogue.commands import contradicted
from components.dialogue.engine_variants import variant
from components.dialogue.flow import FlowSet, Node
from components.dialogue.small_talk import Responses
from components.dialogue.state_json import LARGEST_VARIABLES, size_of
from components.dialogue.templates import render_text
from components.dialogue.turn_types import (
    DialoguePorts,
    DialogueState,
    Handover,
    HandoverReason,
    Listener,
    Reply,
    Step,
    Surroundings,
    TurnOutcome,
)
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.wording import WordingKey, say

# What templates read that is no slot and no saved result.
BUILT_INS = frozenset({"user", "tenant", "message", "intent", "entities", "language", "conversation"})
# What the message that began this named, and no slot has taken yet.
OFFERED = "_named"
LONGEST_ENTITY = 200
MOST_ENTITIES = 20


@dataclass(frozen=True)
class TurnInput:
    """What a turn is given besides the state: all of it that does not change while it runs."""

    flows: FlowSet
    message: str
    surroundings: Surroundings
    ports: DialoguePorts
    listener: Listener
    responses: Responses = field(default_factory=dict)
    today: date | None = None


class TurnRun:
    """The frames, variables and replies of a turn in progress. Not shared between threads.

    cause: why a failure's arrow was taken in this turn. passed: `flow.node` of the asks that this turn is done with.
    unused: what the message names and no slot has taken yet. returned: the node is reached again from above, by a flow
    that it called.
    """

    def __init__(self, given: TurnInput, state: DialogueState, turns: int) -> None:
        self.given = given
        self.turns = turns
        self.frames = list(state.frames)
        self.variables: dict[str, Any] = dict(state.variables)
        self.replies: list[Reply] = []
        self.understanding: Understanding | None = None
        self.handover: Handover | None = None
        self.cause: HandoverReason | None = None
        self.passed: set[str] = set()
        self.ordered: Counter[str] = Counter()
        self.unused: list[Entity] = []
        self.waiting = False
        self.returned = False
        self._steps: list[Step] = []

    @property
    def language(self) -> str:
        return self.given.surroundings.language

    @property
    def node(self) -> Node:
        """The node that runs. Raises InvalidInput where the state names one that the flows do not have."""
        frame = self.frames[-1]
        flow = self.given.flows.flows.get(frame.flow)
        node = None if flow is None else flow.nodes.get(frame.node)
        if node is None:
            raise InvalidInput(f"state: no node {self.place} in version {self.given.flows.version} of the flows")
        return node

    @property
    def place(self) -> str:
        """`flow.node` of the node that runs."""
        return f"{self.frames[-1].flow}.{self.frames[-1].node}" if self.frames else "main"

    def context(self) -> Mapping[str, Any]:
        """What templates and conditions read."""
        around = self.given.surroundings
        return {
            **{name: value for name, value in self.variables.items() if not name.startswith("_")},
            "user": dict(around.user),
            "tenant": dict(around.tenant),
            "message": self.given.message,
            "intent": self.variables.get("intent"),
            "entities": self.variables.get("entities", {}),
            "language": around.language,
            "conversation": {"id": str(around.conversation_id), "turns": self.turns},
        }

    def render(self, source: str) -> str:
        """A text of a flow as the customer reads it. Raises InvalidFlow naming the node."""
        try:
            return render_text(source, self.context()).strip()
        except InvalidFlow as error:
            raise InvalidFlow(f"{self.place}: {error.message}", field=error.field) from error

    def one_of(self, texts: tuple[str, ...]) -> str:
        """One of the texts, rendered; none is empty."""
        return self.render(variant(texts, self.chosen_by)) if texts else ""

    @property
    def chosen_by(self) -> str:
        return f"{self.given.surroundings.conversation_id}:{self.turns}:{self.place}"

    def say(
        self,
        text: str,
        *,
        buttons: tuple[str, ...] = (),
        answered: AnsweredQuestion | None = None,
        heard: bool = False,
    ) -> None:
        """One more reply; a blank one is none. heard: the listener has had it in pieces already."""
        if not text.strip():
            return
        if not heard:
            self.given.listener.replying(len(self.replies), text)
        self.replies.append(Reply(text, self.place, answered, buttons))

    def wording(self, key: WordingKey, **values: str) -> str:
        """A standard text in the customer's language."""
        return say(key, self.language, **values)

    def note(self, kind: str, what: str) -> None:
        """A step taken at the node that runs."""
        step = Step(self.place, kind, what)
        self._steps.append(step)
        self.given.listener.stepped(step)

    def fits(self, name: str, value: Any) -> bool:
        """Whether the state has room for the value."""
        return size_of({**self.variables, name: value}) <= LARGEST_VARIABLES

    def remember(self, name: str, value: Any) -> None:
        """Sets a variable. Raises InvalidFlow for a name that hides a built-in, or a value without room."""
        if name in BUILT_INS or name.startswith("_") or not name:
            raise InvalidFlow(f"{self.place}: variable {name!r}: any name but {sorted(BUILT_INS)} is allowed")
        if not self.fits(name, value):
            raise InvalidFlow(f"{self.place}: {name} is too large: {LARGEST_VARIABLES} bytes are allowed for all")
        self.variables[name] = value

    def understand(self, model: str) -> Understanding | None:
        """What the message means; None, and noted, where no engine answers."""
        try:
            found = self.given.ports.understand(self.given.message, model)
        except NluUnavailable as error:
            self.note("nlu", f"not understood by any engine: {error.code}")
            return None
        self.understanding = found
        self.unused = [each for each in found.entities if len(each.value) <= LONGEST_ENTITY][:MOST_ENTITIES]
        fallback = f", {found.fallback}" if found.fallback else ""
        self.note("nlu", f"{found.intent} {found.confidence:.2f} of {found.threshold:.2f} ({found.engine}{fallback})")
        if contradicted(self.given.message, found.intent):
            self.note("nlu", f"{found.intent} is what the message does not want")
            return replace(found, confidence=0.0)
        return found

    def keep_meaning(self, intent: str | None, *, anew: bool) -> None:
        """Lets templates read what the message was about. anew: what earlier messages named is forgotten."""
        named = {each.name: each.value for each in self.unused}
        before = {} if anew else self.variables.get("entities", {})
        kept = {"intent": intent, "entities": dict([*before.items(), *named.items()][-MOST_ENTITIES:])}
        if all(self.fits(name, value) for name, value in kept.items()):
            self.variables.update(kept)
        if anew:
            self.variables.pop(OFFERED, None)
            once = {name: value for name, value in named.items() if self.named(name) == {value}}
            if once and self.fits(OFFERED, once):
                self.variables[OFFERED] = once

    def named(self, entity: str | None) -> set[str]:
        """The values of an entity in this message that no slot has taken yet."""
        return {each.value for each in self.unused if each.name == entity}

    def offered(self, entity: str | None) -> str | None:
        """The one value of an entity in the message that began this, where no slot has taken it yet."""
        offered = self.variables.get(OFFERED)
        value = offered.get(entity) if isinstance(offered, dict) else None
        return value if isinstance(value, str) else None

    def take(self, entity: str | None) -> None:
        """An entity has filled a slot, and fills no other."""
        self.unused = [each for each in self.unused if each.name != entity]
        offered = self.variables.get(OFFERED)
        if isinstance(offered, dict) and entity in offered:
            self.variables[OFFERED] = {name: value for name, value in offered.items() if name != entity}

    def outcome(self) -> TurnOutcome:
        """The turn, over."""
        state = DialogueState(tuple(self.frames), self.variables, self.turns)
        return TurnOutcome(state, tuple(self.replies), tuple(self._steps), self.understanding, self.handover)
