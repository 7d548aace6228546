"""A workflow's graph as an SVG picture: states by colour and by word."""

from __future__ import annotations

from collections.abc import Mapping

from components.agents.workflows.graph import NOT_BEGUN, NodeState
from components.agents.workflows.node_kinds import KINDS
from components.agents.workflows.workflow import Link, Node, Workflow
from components.core.drawing.picture import Arrow, Box, draw

# Fill and line; the words say the same.
_COLOURS = {
    "done": ("#e3f4e6", "#1d7a34"),
    "running": ("#e2eefc", "#1c5fb0"),
    "waiting": ("#fdf3d8", "#8a6100"),
    "left": ("#f0e8f7", "#6b3fa0"),
    "failed": ("#fde5e3", "#b3261e"),
    "not begun": ("#f4f4f5", "#60646c"),
}


def draw_svg(workflow: Workflow, states: Mapping[str, NodeState], told: str = "") -> str:
    """The picture. states: none where it is of no run. told: what there is to say of the run as a whole."""
    nodes = sorted(workflow.nodes, key=lambda node: node.position[1])
    ports: dict[str, int] = {}
    for link in workflow.links:
        ports[link.source] = max(ports.get(link.source, 1), link.output + 1)
    return draw(
        f"Workflow {workflow.name}{told and f', {told}'}",
        "; ".join(f"{node.name}: {states.get(node.name, NOT_BEGUN)}" for node in workflow.nodes),
        [_box(node, states.get(node.name, NOT_BEGUN), bool(states)) for node in nodes],
        [_arrow(workflow, link, ports[link.source]) for link in workflow.links],
    )


def _box(node: Node, state: NodeState, of_run: bool) -> Box:
    told = [*([str(state)] if of_run else []), *(["turned off"] if node.disabled else [])]
    return Box(
        name=node.name,
        heading=node.name,
        about=node.type.rpartition("nodes-base.")[2],
        state=", ".join(told),
        said=f"{node.name}: {state}" if of_run else node.name,
        colours=_COLOURS.get(state.status, _COLOURS["not begun"]),
        dashed=node.disabled,
    )


def _arrow(workflow: Workflow, link: Link, ports: int) -> Arrow:
    label = label_of(workflow, link)
    return Arrow(link.source, link.target, label, label == "error", link.output, ports)


def label_of(workflow: Workflow, link: Link) -> str:
    """What an output stands for, "" where a node has one."""
    node = workflow.by_name[link.source]
    kind = KINDS.get(node.type)
    outputs = 1 if kind is None else kind.outputs(node)
    if link.output >= outputs:
        return "error"
    if node.type.endswith(".if"):
        return ("true", "false")[link.output]
    return "" if outputs == 1 else str(link.output)
