"""A workflow's graph as lines of text, for terminals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.agents.workflows.graph import NOT_BEGUN, NodeState
from components.agents.workflows.graph_svg import label_of
from components.agents.workflows.workflow import Link, Node, Workflow

_MARKS = {"done": "●", "running": "◐", "waiting": "◔", "left": "◌", "failed": "✗", "not begun": "○"}


def draw_text(workflow: Workflow, states: Mapping[str, NodeState] | None = None) -> str:
    """A tree from its first nodes on; a node that is there already is only named. states: of a run."""
    drawn: set[str] = set()
    lines: list[str] = []
    for root in (*workflow.roots, *workflow.nodes):
        if root.name not in drawn:
            lines.extend(_lines(workflow, root, states, drawn))
    return "\n".join(lines) + "\n"


def _lines(workflow: Workflow, root: Node, states: Mapping[str, NodeState] | None, drawn: set[str]) -> Iterator[str]:
    waiting: list[tuple[str, str, str, Node]] = [("", "", "", root)]
    while waiting:
        before, branch, label, node = waiting.pop()
        said = f"{label}: " if label else ""
        if node.name in drawn:
            yield f"{before}{branch}{said}{node.name} ↑"
            continue
        drawn.add(node.name)
        state = "" if states is None else f"  {states.get(node.name, NOT_BEGUN)}"
        mark = "" if states is None else f"{_MARKS.get(states.get(node.name, NOT_BEGUN).status, '○')} "
        off = ", turned off" if node.disabled else ""
        yield f"{before}{branch}{said}{mark}{node.name}  [{node.type}{off}]{state}"
        links = _after(workflow, node.name)
        inside = before + ("" if not branch else "   " if branch.startswith("└") else "│  ")
        for number, link in reversed(list(enumerate(links))):
            fork = "└─ " if number == len(links) - 1 else "├─ "
            waiting.append((inside, fork, label_of(workflow, link), workflow.by_name[link.target]))


def _after(workflow: Workflow, name: str) -> list[Link]:
    outputs = sorted({link.output for link in workflow.links if link.source == name})
    return [link for output in outputs for link in workflow.after(name, output)]
