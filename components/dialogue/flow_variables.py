"""The templates of flows held against the sandbox, and their variables against what is known where they stand."""

from __future__ import annotations

from collections.abc import Iterator

from components.core.template_inspection import (
    VariableUse,
    fault_of_condition,
    fault_of_text,
    variables_of_condition,
    variables_of_text,
)
from components.dialogue.flow import WORK_ERROR, AskNode, Flow, Node, WorkNode
from components.dialogue.flow_files import ReadFlow, ReadFlows
from components.dialogue.flow_paths import ways
from components.dialogue.flow_problem import FlowProblem, allowed
from components.dialogue.flow_texts import FlowText, texts_of

# What templates may read besides slots and saved results.
SURROUNDINGS = ("user", "tenant", "message", "intent", "entities", "language", "conversation", WORK_ERROR)
_TENANT_KEYS = ("name", "greeting", "contact")


def template_problems(one: ReadFlow, node: Node) -> Iterator[FlowProblem]:
    """Templates and conditions of a node that are not allowed."""
    for text in _texts(one, node):
        fault = fault_of_condition(text.source) if text.kind == "condition" else fault_of_text(text.source)
        if fault is not None:
            yield _at(one, node, text, fault.line, fault.message, "error")


def variable_problems(read: ReadFlows) -> Iterator[FlowProblem]:
    """Warnings about variables that nothing sets, neither on a way to the node within its flow, nor in another flow.
    All templates are allowed ones."""
    sets = {flow_id: _set_by(one.flow) for flow_id, one in read.flows.items()}
    for flow_id, one in read.flows.items():
        others = {
            name for other, found in sets.items() if other != flow_id for names in found.values() for name in names
        }
        before = _leading_to(read, one.flow)
        for node in one.flow.nodes.values():
            known = {*SURROUNDINGS, *others, *_known_at(node, before, sets[flow_id])}
            for text in _texts(one, node):
                # It is said once the node is done.
                there = known | sets[flow_id].get(node.node_id, set()) if text.path[0] == "later" else known
                for use in _uses(text):
                    if message := _doubt(use, there):
                        yield _at(one, node, text, use.line, message, "warning")


def _doubt(use: VariableUse, known: set[str]) -> str | None:
    if use.name not in known:
        return f"nothing sets {use.name!r} on the way here: {allowed(use.name, known)}"
    if use.name == "tenant" and use.key is not None and use.key not in _TENANT_KEYS:
        return f"'tenant.{use.key}' is not known: {allowed(use.key, _TENANT_KEYS)}"
    return None


def _set_by(flow: Flow) -> dict[str, set[str]]:
    """Variables by the node that sets them."""
    found: dict[str, set[str]] = {}
    for node_id, node in flow.nodes.items():
        if isinstance(node, AskNode):
            found[node_id] = {node.slot}
        elif isinstance(node, WorkNode) and node.save_as:
            found[node_id] = {node.save_as}
    return found


def _leading_to(read: ReadFlows, flow: Flow) -> dict[str, set[str]]:
    """The nodes with an arrow to each node, within the flow."""
    flows = read.plain
    before: dict[str, set[str]] = {}
    for node_id, node in flow.nodes.items():
        for _, found in ways(flows, flow, node):
            if found.kind == "node":
                before.setdefault(found.name, set()).add(node_id)
    return before


def _known_at(node: Node, before: dict[str, set[str]], sets: dict[str, set[str]]) -> set[str]:
    """What nodes set from which a path leads to the node; an ask knows its own slot once it has been answered."""
    seen: set[str] = set()
    waiting = list(before.get(node.node_id, ()))
    while waiting:
        node_id = waiting.pop()
        if node_id not in seen:
            seen.add(node_id)
            waiting += before.get(node_id, ())
    own = sets.get(node.node_id, set()) if isinstance(node, AskNode) else set()
    return own.union(*(sets.get(node_id, set()) for node_id in seen))


def _texts(one: ReadFlow, node: Node) -> list[FlowText]:
    return list(texts_of(node, one.written.value["nodes"][one.indices[node.node_id]]))


def _uses(text: FlowText) -> tuple[VariableUse, ...]:
    return variables_of_condition(text.source) if text.kind == "condition" else variables_of_text(text.source)


def _at(one: ReadFlow, node: Node, text: FlowText, line: int, message: str, severity: str) -> FlowProblem:
    first = one.text_line(node.node_id, *text.path)
    path = ".".join(str(part) for part in text.path)
    said = f"{path}: {message}"
    place = (one.flow.file, first + line - 1, node.node_id, said)
    return FlowProblem(*place, "warning") if severity == "warning" else FlowProblem(*place)
