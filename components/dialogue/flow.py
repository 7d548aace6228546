"""A flow as the engine runs it: nodes joined by arrows, each remembering the line it was written on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

MAIN = "main"
# Arrows may point to these wherever no node and no flow has the name.
HANDOVER, END = "handover", "end"
# A variable: why the last work was not done, as {code, message}.
WORK_ERROR = "work_error"
BUILT_IN = (HANDOVER, END)

SlotType = Literal["text", "integer", "number", "email", "date", "yes_no", "choice"]


@dataclass(frozen=True)
class Arrow:
    """Where it goes on: to a node of the same flow, else to a flow of that name, else to a built-in.

    intent: the one it is for (`chitchat` also for `chitchat/…`); condition: a Jinja expression that must be true;
    neither: the default.
    """

    target: str
    line: int
    intent: str | None = None
    condition: str | None = None

    @property
    def is_default(self) -> bool:
        return self.intent is None and self.condition is None


@dataclass(frozen=True)
class Node:
    """One step. arrows: tried in order. Without any the flow ends here, and its caller goes on."""

    node_id: str
    line: int
    arrows: tuple[Arrow, ...] = ()


@dataclass(frozen=True)
class MessageNode(Node):
    """Says one of the texts (Jinja; the conversation's id chooses). buttons: what the customer may tap instead."""

    texts: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True)
class SlotRule:
    """What a slot takes. pattern: a regular expression that the whole value matches. choices: the value by each of
    its spellings, lower case. minimum, maximum: of a number; of a date, as ISO text. longest: characters."""

    type: SlotType = "text"
    pattern: str | None = None
    choices: Mapping[str, str] | None = None
    minimum: float | str | None = None
    maximum: float | str | None = None
    longest: int = 1000


@dataclass(frozen=True)
class AskNode(Node):
    """Asks until the slot is filled; at once where it is filled already and `again` is False.

    entity: taken from the message that led here, and from the answer. attempts: answers that do not fit, after which
    it goes to give_up.
    """

    slot: str = ""
    text: str = ""
    rule: SlotRule = SlotRule()
    entity: str | None = None
    invalid: str | None = None
    attempts: int = 3
    give_up: str = HANDOVER
    again: bool = False
    buttons: tuple[str, ...] = ()


@dataclass(frozen=True)
class NluNode(Node):
    """Waits for a message and goes by its intent. model: `rasa_intent`, the tenant's engines, the one that leads
    first; `local_intent`, the local classifier alone."""

    model: str = "rasa_intent"


@dataclass(frozen=True)
class ConditionNode(Node):
    """Goes by the first arrow whose condition holds."""


@dataclass(frozen=True)
class RagNode(Node):
    """Answers from the knowledge. query: Jinja. unanswered: where to go when the knowledge does not say."""

    query: str = "{{ message }}"
    unanswered: str = HANDOVER


@dataclass(frozen=True)
class WorkNode(Node):
    """Has a workflow or a tool run. arguments: JSON in which texts are Jinja. save_as: the variable that its values
    are under afterwards. failed: where to go when it was not done. pending: where to go while it goes on without the
    conversation, for want of a person's approval; None = says so, and the flow ends. later: what is said once it is
    done then, a standard text by default."""

    kind: Literal["workflow", "tool"] = "workflow"
    name: str = ""
    goal: str = ""
    arguments: Mapping[str, Any] | None = None
    save_as: str = ""
    failed: str = HANDOVER
    pending: str | None = None
    later: str = ""


@dataclass(frozen=True)
class FlowNode(Node):
    """Runs another flow, then goes on here."""

    flow: str = ""


@dataclass(frozen=True)
class HandoverNode(Node):
    """Puts the conversation into the queue for a person. text: what is said; a standard one by default."""

    reason: str = "asked_by_flow"
    text: str | None = None
    priority: str | None = None


@dataclass(frozen=True)
class EndNode(Node):
    """Ends the flow. text: what is said, nothing by default."""

    text: str | None = None


@dataclass(frozen=True)
class Flow:
    """One file. nodes: by id, in the order written; start: where it begins."""

    flow_id: str
    file: str
    start: str
    nodes: Mapping[str, Node]
    description: str = ""


@dataclass(frozen=True)
class FlowSet:
    """All flows of a tenant at one version; `main` begins every conversation. version 0: the shipped ones."""

    version: int
    flows: Mapping[str, Flow]

    @property
    def main(self) -> Flow:
        return self.flows[MAIN]
