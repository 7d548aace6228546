"""A workflow's graph as an SVG picture: states by colour and by word, with a title and a description, no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from components.agents.workflows.graph import NOT_BEGUN, NodeState, layers_of
from components.agents.workflows.node_kinds import KINDS
from components.agents.workflows.workflow import Link, Workflow

_WIDTH, _HEIGHT, _GAP, _BETWEEN, _EDGE = 190, 66, 70, 34, 24
_LONGEST = 24
# Fill and line; the words say the same.
_COLOURS = {
    "done": ("#e3f4e6", "#1d7a34"),
    "running": ("#e2eefc", "#1c5fb0"),
    "waiting": ("#fdf3d8", "#8a6100"),
    "left": ("#f0e8f7", "#6b3fa0"),
    "failed": ("#fde5e3", "#b3261e"),
    "not begun": ("#f4f4f5", "#60646c"),
}
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1a1a1a}.small{font-size:11px;fill:#4a4d55}.state{font-weight:600}"
    "path{fill:none;stroke:#60646c;stroke-width:1.5;stroke-linejoin:round}"
)


def draw_svg(workflow: Workflow, states: Mapping[str, NodeState], told: str = "") -> str:
    """The picture. told: what there is to say of the run as a whole."""
    layers, back = layers_of(workflow)
    tallest = max(map(len, layers))
    places = {
        name: (
            _EDGE + number * (_WIDTH + _GAP),
            _EDGE + row * (_HEIGHT + _BETWEEN) + (tallest - len(layer)) * (_HEIGHT + _BETWEEN) // 2,
        )
        for number, layer in enumerate(layers)
        for row, name in enumerate(layer)
    }
    width = 2 * _EDGE + len(layers) * (_WIDTH + _GAP) - _GAP
    height = 2 * _EDGE + tallest * (_HEIGHT + _BETWEEN) - _BETWEEN + (_BETWEEN if back else 0)
    facts = "; ".join(f"{node.name}: {states.get(node.name, NOT_BEGUN)}" for node in workflow.nodes)
    title = f"Workflow {workflow.name}{told and f', {told}'}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">',
        f'<title id="title">{_text(title)}</title>',
        f'<desc id="desc">{_text(facts)}</desc>',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<polygon points="0,0 8,4 0,8" fill="#60646c"/></marker></defs>',
        *(_link(workflow, link, places, link in back, height) for link in workflow.links),
        *(part for name, place in places.items() for part in _node(workflow, name, place, states)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _node(workflow: Workflow, name: str, place: tuple[int, int], states: Mapping[str, NodeState]) -> Iterator[str]:
    node, state = workflow.by_name[name], states.get(name, NOT_BEGUN)
    fill, line = _COLOURS.get(state.status, _COLOURS["not begun"])
    x, y = place
    dashed = ' stroke-dasharray="5 4"' if node.disabled else ""
    size = f'width="{_WIDTH}" height="{_HEIGHT}" rx="8"'
    kind, said = node.type.rpartition("nodes-base.")[2], f"{state}, turned off" if node.disabled else str(state)
    yield f"<g><title>{_text(f'{name}: {state}')}</title>"
    yield f'<rect x="{x}" y="{y}" {size} fill="{fill}" stroke="{line}" stroke-width="1.5"{dashed}/>'
    yield f'<text x="{x + 12}" y="{y + 21}">{_text(_short(name))}</text>'
    yield f'<text class="small" x="{x + 12}" y="{y + 38}">{_text(_short(kind))}</text>'
    yield f'<text class="small state" x="{x + 12}" y="{y + 55}">{_text(said)}</text></g>'


def _link(workflow: Workflow, link: Link, places: Mapping[str, tuple[int, int]], is_back: bool, height: int) -> str:
    (x1, y1), (x2, y2) = places[link.source], places[link.target]
    outputs = max((each.output for each in workflow.links if each.source == link.source), default=0) + 1
    y1 += _HEIGHT * (link.output + 1) // (outputs + 1)
    y2 += _HEIGHT // 2
    if is_back:
        low, y2 = height - _EDGE // 2, y2 + 16
        path = f"M{x1 + _WIDTH},{y1} h22 V{low} H{x2 - 22} V{y2} h22"
    else:
        middle = (x1 + _WIDTH + x2) // 2
        path = f"M{x1 + _WIDTH},{y1} C{middle},{y1} {middle},{y2} {x2},{y2}"
    label = label_of(workflow, link)
    dashed = ' stroke-dasharray="5 4"' if is_back or label == "error" else ""
    drawn = f'<path d="{path}" marker-end="url(#tip)"{dashed}/>'
    return f'{drawn}<text class="small" x="{x1 + _WIDTH + 5}" y="{y1 - 4}">{_text(label)}</text>' if label else drawn


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


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _text(text: str) -> str:
    """As XML takes it, which knows few control characters."""
    return escape("".join(each if each.isprintable() else " " for each in text))
