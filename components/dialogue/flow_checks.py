"""Everything that can be known to be wrong with a set of flows before anybody talks to it, all at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from components.core.work import WorkKind
from components.dialogue.flow import MAIN, ConditionNode, FlowNode, MessageNode, NluNode, Node, WorkNode
from components.dialogue.flow_files import ReadFlow, ReadFlows, read_flows
from components.dialogue.flow_paths import recursions, silent_cycles, unreached_flows, unreached_nodes
from components.dialogue.flow_problem import FlowProblem, allowed, in_order
from components.dialogue.flow_slots import slot_problems
from components.dialogue.flow_targets import destination, exits, targets_of
from components.dialogue.flow_variables import template_problems, variable_problems

Work = Mapping[WorkKind, frozenset[str]]


def check_flows(
    files: Mapping[str, str],
    *,
    intents: frozenset[str] | None = None,
    work: Work | None = None,
    own: Collection[str] | None = None,
) -> tuple[FlowProblem, ...]:
    """By file and line. files: YAML texts by name. intents: those of the tenant's NLU project; work: the workflows and
    tools there are; each is checked only where it is given. own: the files in which an intent that nobody has is an
    error, all by default: a shipped flow may well go by intents that a tenant has no use for."""
    return problems_of(read_flows(files), intents=intents, work=work, own=own)


def problems_of(
    read: ReadFlows,
    *,
    intents: frozenset[str] | None = None,
    work: Work | None = None,
    own: Collection[str] | None = None,
) -> tuple[FlowProblem, ...]:
    """The same of files that are read already. What follows from a whole set, such as a node that is never reached, is
    said only where every node could be read."""
    problems = list(read.problems)
    if MAIN not in read.flows and read.whole:
        problems.append(_no_main(read))
    for one in read.flows.values():
        known = intents if own is None or one.flow.file in own else None
        for node in one.flow.nodes.values():
            problems += template_problems(one, node)
            problems += slot_problems(one, node)
            problems += _node_problems(read, one, node, known, work)
    if not any(problem.severity == "error" for problem in problems):
        problems += _path_problems(read)
        problems += variable_problems(read)
    return in_order(problems)


def _no_main(read: ReadFlows) -> FlowProblem:
    files = [one.flow.file for one in read.flows.values()]
    names = ", ".join(sorted(read.flows)) or "none"
    return FlowProblem(min(files, default="main.yaml"), 1, None, f"a flow {MAIN!r} is needed; there are {names}")


def _node_problems(
    read: ReadFlows, one: ReadFlow, node: Node, intents: frozenset[str] | None, work: Work | None
) -> Iterator[FlowProblem]:
    yield from _target_problems(read, one, node)
    if isinstance(node, MessageNode) and not node.texts:
        yield _at(one, node, "a message node needs text, or a list of texts")
    if isinstance(node, NluNode | ConditionNode):
        yield from _branch_problems(one, node)
    if intents is not None:
        for arrow in node.arrows:
            if arrow.intent is not None and not _is_intent(arrow.intent, intents):
                message = f"the intent {arrow.intent!r}: {allowed(arrow.intent, intents)}"
                yield FlowProblem(one.flow.file, arrow.line, node.node_id, message)
    if isinstance(node, WorkNode) and work is not None:
        names = work.get(node.kind, frozenset())
        if node.name not in names:
            yield _at(one, node, f"the {node.kind} {node.name!r}: {allowed(node.name, names)}", node.kind)


def _target_problems(read: ReadFlows, one: ReadFlow, node: Node) -> Iterator[FlowProblem]:
    flows = read.plain
    for exit_ in exits(node):
        line = exit_.line or one.line(node.node_id, exit_.key)
        if isinstance(node, FlowNode) and exit_.key == "flow":
            if exit_.target not in flows and read.whole:
                message = f"the flow {exit_.target!r}: {allowed(exit_.target, flows)}"
                yield FlowProblem(one.flow.file, line, node.node_id, message)
        elif destination(flows, one.flow, exit_.target) is None and exit_.target not in one.indices and read.whole:
            message = f"the target {exit_.target!r}: {allowed(exit_.target, targets_of(flows, one.flow))}"
            yield FlowProblem(one.flow.file, line, node.node_id, message)


def _branch_problems(one: ReadFlow, node: Node) -> Iterator[FlowProblem]:
    defaults = [index for index, arrow in enumerate(node.arrows) if arrow.is_default]
    file, node_id = one.flow.file, node.node_id
    if node.arrows and not defaults:
        kind = "an nlu" if isinstance(node, NluNode) else "a condition"
        message = f"a dead end where none of its arrows fits: {kind} node needs `default → target` at the end"
        yield _at(one, node, message, "next")
    for arrow in node.arrows[defaults[0] + 1 :] if defaults else ():
        message = f"the arrow to {arrow.target!r} stands after the default, and is never taken: default comes last"
        yield FlowProblem(file, arrow.line, node_id, message)
    seen: set[str] = set()
    for arrow in node.arrows:
        if arrow.intent is not None and arrow.intent in seen:
            message = f"the intent {arrow.intent!r} has an arrow already: once is allowed"
            yield FlowProblem(file, arrow.line, node_id, message)
        seen.add(arrow.intent or "")


def _is_intent(name: str, intents: frozenset[str]) -> bool:
    return name in intents or any(intent.startswith(f"{name}/") for intent in intents)


def _path_problems(read: ReadFlows) -> Iterator[FlowProblem]:
    flows = read.plain
    for one in read.flows.values():
        for node_id in unreached_nodes(flows, one.flow):
            message = "no path leads here from the start: point an arrow to it, or take it out"
            yield FlowProblem(one.flow.file, one.line(node_id), node_id, message)
    for flow_id in unreached_flows(flows):
        message = f"the flow {flow_id!r} is never run from {MAIN!r}"
        yield FlowProblem(flows[flow_id].file, 1, None, message, "warning")
    for cycle in silent_cycles(flows):
        flow_id, node_id = cycle[0]
        way = " → ".join(f"{flow}.{node}" for flow, node in (*cycle, cycle[0]))
        message = f"{way} goes round without waiting for the customer: put an ask or an nlu node into it"
        yield FlowProblem(flows[flow_id].file, flows[flow_id].nodes[node_id].line, node_id, message)
    for ring in recursions(flows):
        way = " → ".join((*ring, ring[0]))
        message = f"{way} run each other in a ring: each time round one more of them stays open"
        yield FlowProblem(flows[ring[0]].file, 1, None, message, "warning")


def _at(one: ReadFlow, node: Node, message: str, *keys: str) -> FlowProblem:
    return FlowProblem(one.flow.file, one.line(node.node_id, *keys), node.node_id, message)
