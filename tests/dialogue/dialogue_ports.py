"""What the engine's tests stand on: an engine of understanding by key words, a small knowledge, a recording workforce.

Each keeps the Protocol of the real one; the dialogue engine itself is always the real one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from components.core.answers import Answer, Citation
from components.core.errors import HelpdeskError, NluUnavailable
from components.core.nlu import Entity, RankedIntent, Understanding
from components.core.work import WorkDone, WorkOrder
from components.dialogue.engine import open_conversation, take_turn
from components.dialogue.flow import FlowSet
from components.dialogue.flow_reading import load_flows
from components.dialogue.turn_types import DialogueState, Step, Surroundings, TurnOutcome
from components.helpdesk.answered_question import AnsweredQuestion

TODAY = date(2026, 11, 22)
CONVERSATION = UUID("00000000-0000-0000-0000-00000000c0de")
THRESHOLD = 0.6
INTENTS = {
    r"^(hello|hi)\b": "greet",
    r"^thanks": "thanks",
    r"are you a (bot|robot)": "chitchat/are_you_a_bot",
    r"\bhuman\b|real person": "human",
    r"start (all )?over": "start_over",
    r"^(no|nope|not at all)\b": "deny",
    r"^(yes|sure thing)\b": "affirm",
    r"^where is my (order|parcel)|track": "order_status",
    r"complain": "complaint",
    r"refund|money back": "refund",
    r"exchange|swap": "exchange",
    r"opening hours|how long|do you ship|what is the weather": "faq",
}
ENTITIES = {r"\bNT-\d{4}\b": "order_number", r"\b(tent|stove|lamp)\b": "product"}
KNOWLEDGE = {"opening hours": "We are open from 9 to 17. [1]", "how long": "A refund takes five days. [1]"}
RESPONSES = {
    "greet": ("Hello!", "Hi there!"),
    "thanks": ("You are welcome.",),
    "chitchat/are_you_a_bot": ("I am a bot.",),
    "human": ("I will ask a colleague to take over.",),
    "complaint": ("I will ask a colleague to take over.",),
}


@dataclass
class Ports:
    """Keeps DialoguePorts. nlu_down, knowledge_error, work_error: what fails; orders: what was ordered."""

    nlu_down: bool = False
    knowledge_error: HelpdeskError | None = None
    work_error: HelpdeskError | None = None
    confidence: Mapping[str, float] = field(default_factory=dict)
    orders: list[WorkOrder] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    done: dict[str, WorkDone] = field(default_factory=dict)

    def understand(self, text: str, model: str) -> Understanding:
        if self.nlu_down:
            raise NluUnavailable("every engine is down in this test")
        intent = next((name for key, name in INTENTS.items() if re.search(key, text, re.I)), None)
        confidence = 0.2 if intent is None else self.confidence.get(intent, 0.95)
        entities = tuple(
            Entity(name, match[0], match[0], match.start(), match.end())
            for key, name in ENTITIES.items()
            for match in re.finditer(key, text, re.I)
        )
        named, response = intent or "refund", None
        if named.startswith("chitchat/"):
            named, response = "chitchat", named
        ranking = (RankedIntent(named, confidence),)
        return Understanding(named, confidence, THRESHOLD, "local", ranking, entities, response)

    def answer(self, question: str, on_text: Callable[[str], None]) -> AnsweredQuestion:
        self.questions.append(question)
        if self.knowledge_error is not None:
            raise self.knowledge_error
        text = next((text for key, text in KNOWLEDGE.items() if key in question.lower()), None)
        if text is None:
            return answered(question, "I don't know.", ())
        for piece in re.findall(r"\S+\s*", text):
            on_text(piece)
        return answered(question, text, (Citation(1, "c1", "d1", "Help", "", text[:-4], text[:-4], 0, 9, 0.9),))

    def work(self, order: WorkOrder) -> WorkDone:
        self.orders.append(order)
        if self.work_error is not None:
            raise self.work_error
        return self.done.setdefault(order.key, WorkDone({"ticket_number": 1000 + len(self.done)}))


def answered(question: str, text: str, citations: tuple[Citation, ...]) -> AnsweredQuestion:
    """An answer as Answering stores it."""
    answer = Answer(text, bool(citations), citations, (), 0.9 if citations else 0.1, 0.5, "extractive")
    return AnsweredQuestion(CONVERSATION, question, answer, "default", 1, "0" * 32, 10, "1", "answer", 0)


@dataclass
class Heard:
    """Keeps Listener."""

    pieces: dict[int, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def replying(self, reply: int, text: str) -> None:
        self.pieces[reply] = self.pieces.get(reply, "") + text

    def stepped(self, step: Step) -> None:
        self.steps.append(step)


class Talk:
    """A conversation with the engine, turn after turn; the state is what a turn leaves to the next."""

    def __init__(self, flows: FlowSet | str, ports: Ports | None = None, *, language: str = "en") -> None:
        self.flows = load_flows(split(flows)) if isinstance(flows, str) else flows
        self.ports = ports or Ports()
        self.heard = Heard()
        self.around = Surroundings(
            CONVERSATION, {"name": "Ann"}, {"name": "Shop", "greeting": "Welcome to Shop."}, language
        )
        self.outcome: TurnOutcome = open_conversation(
            self.flows, self.around, self.ports, self.heard, responses=RESPONSES, today=TODAY
        )
        self.opening = self.texts

    @property
    def texts(self) -> list[str]:
        return [reply.text for reply in self.outcome.replies]

    @property
    def state(self) -> DialogueState:
        return self.outcome.state

    @property
    def variables(self) -> Mapping[str, object]:
        return self.outcome.state.variables

    def say(self, *messages: str) -> str:
        """The replies to the last of the messages, as one text."""
        for message in messages:
            self.heard = Heard()
            self.outcome = take_turn(
                self.flows,
                self.outcome.state,
                message,
                self.around,
                self.ports,
                self.heard,
                responses=RESPONSES,
                today=TODAY,
            )
        return "\n".join(self.texts)


def split(text: str) -> dict[str, str]:
    """Flow files of one text: each begins with a line `# name.yaml`."""
    parts: Sequence[str] = re.split(r"(?m)^\s*# (\w+\.yaml)\n", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
