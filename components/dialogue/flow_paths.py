"""The paths through all flows of a set: what is never reached, and what would go round in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from components.dialogue.flow import MAIN, AskNode, Flow, FlowNode, HandoverNode, NluNode, Node
from components.dialogue.flow_targets import Destination, destination, exits

# A node of a set: flow and node.
Step = tuple[str, str]
_MOST_CYCLES = 20


def waits(node: Node) -> bool:
    """Whether it waits for the customer. An ask passes where its slot is filled already, but asks when it is reached a
    second time in one turn, so that no turn goes round through it."""
    return isinstance(node, NluNode | AskNode)


def ways(flows: Mapping[str, Flow], flow: Flow, node: Node) -> Iterator[tuple[str, Destination]]:
    """Where a node leads, each with the key that says so. A flow that is run leads to its start."""
    for exit_ in exits(node):
        if isinstance(node, FlowNode) and exit_.key == "flow":
            if exit_.target in flows:
                yield exit_.key, Destination("flow", exit_.target)
        elif found := destination(flows, flow, exit_.target):
            yield exit_.key, found


def unreached_nodes(flows: Mapping[str, Flow], flow: Flow) -> list[str]:
    """Nodes that no path from the flow's start leads to."""
    reached = {flow.start}
    waiting = [flow.start]
    while waiting:
        node = flow.nodes.get(waiting.pop())
        if node is None:
            continue
        for _, found in ways(flows, flow, node):
            if found.kind == "node" and found.name not in reached:
                reached.add(found.name)
                waiting.append(found.name)
    return [node_id for node_id in flow.nodes if node_id not in reached]


def unreached_flows(flows: Mapping[str, Flow]) -> list[str]:
    """Flows that `main` never runs, nor any that it runs."""
    reached = {MAIN}
    waiting = [MAIN]
    while waiting:
        flow = flows[waiting.pop()]
        for node in flow.nodes.values():
            for _, found in ways(flows, flow, node):
                if found.kind == "flow" and found.name not in reached:
                    reached.add(found.name)
                    waiting.append(found.name)
    return [flow_id for flow_id in flows if flow_id not in reached]


def silent_cycles(flows: Mapping[str, Flow]) -> list[tuple[Step, ...]]:
    """Ways that come back to where they began without waiting for the customer: at most twenty, each once, and no two
    through the same last arrow."""
    graph = _silent_graph(flows)
    found: list[tuple[Step, ...]] = []
    while len(found) < _MOST_CYCLES:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            # The sorter knows predecessors, and names them from the last to the first: here it goes the other way.
            cycle: list[Step] = error.args[1]
            found.append(tuple(cycle[:-1]))
            graph[cycle[1]].discard(cycle[0])
            continue
        break
    return found


def recursions(flows: Mapping[str, Flow]) -> list[tuple[str, ...]]:
    """Rings of flows that run each other from a node that stays open: each time round one more does.

    An nlu node and a flow node stay open until the flow that they run has ended; any other node ends its flow with the
    arrow to another one. An arrow to main begins the conversation anew, with nothing open.
    """
    runs = {flow_id: set(_runs(flows, flow)) for flow_id, flow in flows.items()}
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for flow_id, flow in flows.items():
        for run in sorted(set(_runs(flows, flow, (NluNode, FlowNode)))):
            way = _shortest(runs, run, flow_id)
            if way is not None:
                found.setdefault(frozenset(way), (flow_id, *way[:-1]))
    return list(found.values())[:_MOST_CYCLES]


def _runs(flows: Mapping[str, Flow], flow: Flow, kinds: tuple[type[Node], ...] = (Node,)) -> Iterator[str]:
    """Flows that nodes of these kinds run."""
    for node in flow.nodes.values():
        if isinstance(node, kinds):
            for key, found in ways(flows, flow, node):
                if found.kind == "flow" and (found.name != MAIN or key == "flow"):
                    yield found.name


def _shortest(runs: Mapping[str, set[str]], start: str, goal: str) -> tuple[str, ...] | None:
    """The flows from start to goal, both included; None where none leads there."""
    waiting: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in waiting:
        if way[-1] == goal:
            return way
        for following in sorted(runs[way[-1]] - seen):
            seen.add(following)
            waiting.append((*way, following))
    return None


def _silent_graph(flows: Mapping[str, Flow]) -> dict[Step, set[Step]]:
    """For each step those that may come right before it, the customer saying nothing in between."""
    passing = _passing(flows)
    before: dict[Step, set[Step]] = {}
    for flow_id, flow in flows.items():
        for node_id, node in flow.nodes.items():
            if waits(node):
                continue
            for following in _silently_after(flows, flow, node, passing):
                before.setdefault(following, set()).add((flow_id, node_id))
    return before


def _silently_after(flows: Mapping[str, Flow], flow: Flow, node: Node, passing: set[str]) -> Iterator[Step]:
    for key, found in ways(flows, flow, node):
        if found.kind == "flow":
            yield found.name, flows[found.name].start
        elif found.kind == "node" and not (isinstance(node, FlowNode) and key == "next" and node.flow not in passing):
            yield flow.flow_id, found.name


def _passing(flows: Mapping[str, Flow]) -> set[str]:
    """Flows that may end without having waited."""
    passing: set[str] = set()
    while True:
        more = {flow_id for flow_id, flow in flows.items() if flow_id not in passing and _passes(flows, flow, passing)}
        if not more:
            return passing
        passing |= more


def _passes(flows: Mapping[str, Flow], flow: Flow, passing: set[str]) -> bool:
    seen = {flow.start}
    waiting = [flow.start]
    while waiting:
        node = flow.nodes.get(waiting.pop())
        if node is None or waits(node):
            continue
        ends = not node.arrows and not isinstance(node, HandoverNode)
        if ends and (not isinstance(node, FlowNode) or node.flow in passing):
            return True
        for key, found in ways(flows, flow, node):
            if found.kind == "built_in" and found.name == "end":
                return True
            if found.kind == "flow" and key != "flow" and found.name in passing:
                return True
            blocked = isinstance(node, FlowNode) and key == "next" and node.flow not in passing
            if found.kind == "node" and not blocked and found.name not in seen:
                seen.add(found.name)
                waiting.append(found.name)
    return False
