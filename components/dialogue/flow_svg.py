"""One flow as an SVG picture, for a page: its nodes by kind, and every way from one to the next."""

from __future__ import annotations

from collections.abc import Mapping

from components.core.drawing.picture import Arrow, Box, draw
from components.dialogue.flow import FlowSet, Node
from components.dialogue.flow_targets import Destination, destination, exits
from components.dialogue.flow_words import words_of

# Fill and line; the words say the same.
_SAYS, _ASKS, _DECIDES, _WORKS, _LEAVES = (
    ("#e2eefc", "#1c5fb0"),
    ("#fdf3d8", "#8a6100"),
    ("#f0e8f7", "#6b3fa0"),
    ("#e3f4e6", "#1d7a34"),
    ("#f4f4f5", "#60646c"),
)
_COLOURS = {
    "message": _SAYS,
    "rag": _SAYS,
    "ask": _ASKS,
    "nlu": _DECIDES,
    "condition": _DECIDES,
    "workflow": _WORKS,
    "tool": _WORKS,
}


def draw_flow(flows: FlowSet, flow_id: str) -> str:
    """The picture. Boxes of nodes are named as the node; those of where the flow is left, `flow:…` and `built_in:…`,
    as the place."""
    flow = flows.flows[flow_id]
    ways = {node_id: _ways(flows, flow_id, node) for node_id, node in flow.nodes.items()}
    outside = dict.fromkeys(place for found in ways.values() for place in found if place.kind != "node")
    ordered = [flow.start, *(node_id for node_id in flow.nodes if node_id != flow.start)]
    return draw(
        f"Flow {flow_id}",
        "; ".join(f"{node_id}: {' '.join(words_of(node)).strip()}" for node_id, node in flow.nodes.items()),
        [*(_box(node_id, flow.nodes[node_id]) for node_id in ordered), *(_outside(place) for place in outside)],
        [
            Arrow(node_id, _name(place), ", ".join(filter(None, labels)), place.kind == "flow", port, len(found))
            for node_id, found in ways.items()
            for port, (place, labels) in enumerate(found.items())
        ],
    )


def _ways(flows: FlowSet, flow_id: str, node: Node) -> Mapping[Destination, list[str]]:
    """Where it may go on, each place once, and what for."""
    found: dict[Destination, list[str]] = {}
    for way in exits(node):
        place = destination(flows.flows, flows.flows[flow_id], way.target)
        if way.key == "flow":
            place = Destination("flow", way.target)
        if place is not None:
            found.setdefault(place, []).append(way.label)
    return found


def _box(node_id: str, node: Node) -> Box:
    kind, what = words_of(node)
    return Box(node_id, node_id, kind, what[:24], f"{node_id}: {kind} {what}".strip(), _COLOURS.get(kind, _LEAVES))


def _outside(place: Destination) -> Box:
    about = "another flow" if place.kind == "flow" else "built in"
    return Box(_name(place), place.name, about, colours=_LEAVES, dashed=True)


def _name(place: Destination) -> str:
    return place.name if place.kind == "node" else f"{place.kind}:{place.name}"
