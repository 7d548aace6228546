"""Where arrows lead: the one rule by which a target names a node, a flow, or what is built in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from components.dialogue.flow import BUILT_IN, AskNode, Flow, FlowNode, NluNode, Node, RagNode, WorkNode


@dataclass(frozen=True)
class Destination:
    """What a target names: a node of the same flow, a flow that is run, or `handover` or `end`."""

    kind: Literal["node", "flow", "built_in"]
    name: str


@dataclass(frozen=True)
class Exit:
    """One way out of a node. key: of the file, such as `next` or `give_up`. label: what it is for, empty for the plain
    way on. index: of the arrow, where it is one."""

    key: str
    target: str
    label: str = ""
    index: int | None = None
    line: int | None = None


def destination(flows: Mapping[str, Flow], flow: Flow, target: str) -> Destination | None:
    """What `target` names in a node of `flow`, None where nothing has the name."""
    if target in flow.nodes:
        return Destination("node", target)
    if target in flows:
        return Destination("flow", target)
    return Destination("built_in", target) if target in BUILT_IN else None


def exits(node: Node) -> Iterator[Exit]:
    """All ways out of a node, in the order that they are tried."""
    if isinstance(node, FlowNode):
        yield Exit("flow", node.flow, "runs")
    for index, arrow in enumerate(node.arrows):
        branches = len(node.arrows) > 1 or isinstance(node, NluNode)
        label = arrow.intent or (f"if {arrow.condition}" if arrow.condition else "default" if branches else "")
        yield Exit("next", arrow.target, label, index, arrow.line)
    if isinstance(node, AskNode):
        yield Exit("give_up", node.give_up, f"after {node.attempts} answers that do not fit")
    if isinstance(node, RagNode):
        yield Exit("unanswered", node.unanswered, "not answered")
    if isinstance(node, WorkNode):
        yield Exit("failed", node.failed, "failed")
        if node.pending is not None:
            yield Exit("pending", node.pending, "goes on later")


def targets_of(flows: Mapping[str, Flow], flow: Flow) -> frozenset[str]:
    """All names that a target in `flow` may have."""
    return frozenset((*flow.nodes, *flows, *BUILT_IN))
