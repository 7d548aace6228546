"""A workflow's graph: in layers from left to right, each node with what a run has made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from components.agents.run import WorkRun, WorkStep
from components.agents.workflows.workflow import Link, Workflow


@dataclass(frozen=True)
class NodeState:
    """status: of its last pass. passes: how often it was gone through. tries: of the last pass."""

    status: str = "not begun"
    passes: int = 0
    tries: int = 0

    def __str__(self) -> str:
        more = [f"{self.passes} passes"] if self.passes > 1 else []
        more += [f"{self.tries} tries"] if self.tries > 1 else []
        return f"{self.status} ({', '.join(more)})" if more else self.status


NOT_BEGUN = NodeState()


def states_of(workflow: Workflow, run: WorkRun, steps: Iterable[WorkStep]) -> Mapping[str, NodeState]:
    """By node; those that the run has come to. What was under way when it ended is `left`."""
    found: dict[str, NodeState] = {}
    for step in steps:
        name, mark, number = step.name.rpartition("#")
        if not (mark and number.isdecimal() and name in workflow.by_name):
            name = step.name
        if name in workflow.by_name:
            left = run.ended and step.status in ("running", "waiting")
            passes = found.get(name, NOT_BEGUN).passes + 1
            found[name] = NodeState("left" if left else step.status, passes, step.attempts)
    return found


def layers_of(workflow: Workflow) -> tuple[tuple[tuple[str, ...], ...], frozenset[Link]]:
    """The nodes by layer, each after all that come before it; and the links that lead back, as loops do."""
    back = _leading_back(workflow)
    forward = [link for link in workflow.links if link not in back]
    rank = {node.name: 0 for node in workflow.nodes}
    for _ in workflow.nodes:
        changed = False
        for link in forward:
            if rank[link.target] <= rank[link.source]:
                rank[link.target], changed = rank[link.source] + 1, True
        if not changed:
            break
    layers: list[list[str]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for node in sorted(workflow.nodes, key=lambda node: node.position[1]):
        layers[rank[node.name]].append(node.name)
    for before, layer in pairwise(layers):
        place = {name: number for number, name in enumerate(before)}
        came = [(link.target, place[link.source]) for link in forward if link.source in place]
        order = {name: _middle([row for target, row in came if target == name]) for name in layer}
        layer.sort(key=order.__getitem__)
    return tuple(map(tuple, layers)), back


def _middle(places: list[int]) -> float:
    return sum(places) / len(places) if places else 0.0


def _leading_back(workflow: Workflow) -> frozenset[Link]:
    """The links to a node that is still open in a search depth first."""
    after: dict[str, list[Link]] = {}
    for link in workflow.links:
        after.setdefault(link.source, []).append(link)
    done: set[str] = set()
    found: set[Link] = set()
    for root in (*workflow.roots, *workflow.nodes):
        path: list[tuple[str, list[Link]]] = [(root.name, list(after.get(root.name, ())))]
        while path:
            name, left = path[-1]
            if name in done or not left:
                done.add(name)
                path.pop()
                continue
            link = left.pop(0)
            if any(link.target == open_name for open_name, _ in path):
                found.add(link)
            elif link.target not in done:
                path.append((link.target, list(after.get(link.target, ()))))
    return frozenset(found)
