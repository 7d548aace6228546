"""Flows as source for drawing programs: Mermaid's flowcharts and Graphviz' dot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.dialogue.flow import BUILT_IN, MAIN, FlowSet
from components.dialogue.flow_targets import destination, exits
from components.dialogue.flow_words import words_of

_BUILT_IN = "built_in_"
_MERMAID = {'"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "#": "#35;", "|": "#124;", "{": "#123;", "}": "#125;"}


@dataclass(frozen=True)
class _Edge:
    """From one drawn node to another, by their keys. calls: into another flow, which comes back."""

    source: str
    target: str
    label: str
    calls: bool


def mermaid(flows: FlowSet) -> str:
    """A `flowchart TD`, one subgraph a flow."""
    keys = _keys(flows)
    lines = ["flowchart TD"]
    for flow_id in _ordered(flows):
        flow = flows.flows[flow_id]
        lines.append(f'  subgraph {keys[flow_id, None]}["{_plain(flow_id)}"]')
        for node_id, node in flow.nodes.items():
            kind, what = words_of(node)
            lines.append(f'    {keys[flow_id, node_id]}["{_plain(f"{node_id}: {kind} {what}".strip())}"]')
        lines.append("  end")
    edges = list(_edges(flows, keys))
    lines += [f'  {_BUILT_IN}{name}(["{name}"])' for name in _used_built_ins(edges)]
    for edge in edges:
        line = "-.->" if edge.calls else "-->"
        label = f'|"{_plain(edge.label)}"|' if edge.label else ""
        lines.append(f"  {edge.source} {line}{label} {edge.target}")
    return "\n".join(lines) + "\n"


def dot(flows: FlowSet) -> str:
    """A digraph, one cluster a flow."""
    keys = _keys(flows)
    lines = ["digraph flows {", "  node [shape=box];"]
    for flow_id in _ordered(flows):
        flow = flows.flows[flow_id]
        lines += [f"  subgraph cluster_{keys[flow_id, None]} {{", f"    label={_string(flow_id)};"]
        for node_id, node in flow.nodes.items():
            kind, what = words_of(node)
            lines.append(f"    {keys[flow_id, node_id]} [label={_string(f'{node_id}: {kind} {what}'.strip())}];")
        lines.append("  }")
    edges = list(_edges(flows, keys))
    lines += [f"  {_BUILT_IN}{name} [label={_string(name)}, shape=oval];" for name in _used_built_ins(edges)]
    for edge in edges:
        style = ", style=dashed" if edge.calls else ""
        lines.append(f"  {edge.source} -> {edge.target} [label={_string(edge.label)}{style}];")
    return "\n".join([*lines, "}"]) + "\n"


def _ordered(flows: FlowSet) -> list[str]:
    return sorted(flows.flows, key=lambda flow_id: (flow_id != MAIN, flow_id))


def _keys(flows: FlowSet) -> Mapping[tuple[str, str | None], str]:
    """A short name for each flow and node, which both languages take."""
    found: dict[tuple[str, str | None], str] = {}
    for number, flow_id in enumerate(_ordered(flows)):
        found[flow_id, None] = f"f{number}"
        for index, node_id in enumerate(flows.flows[flow_id].nodes):
            found[flow_id, node_id] = f"f{number}n{index}"
    return found


def _edges(flows: FlowSet, keys: Mapping[tuple[str, str | None], str]) -> Iterator[_Edge]:
    for flow_id in _ordered(flows):
        flow = flows.flows[flow_id]
        for node_id, node in flow.nodes.items():
            for way in exits(node):
                found = destination(flows.flows, flow, way.target)
                if way.key == "flow" and way.target in flows.flows:
                    yield _Edge(keys[flow_id, node_id], keys[way.target, flows.flows[way.target].start], "runs", True)
                elif found is not None and found.kind == "flow":
                    start = keys[found.name, flows.flows[found.name].start]
                    yield _Edge(keys[flow_id, node_id], start, way.label, True)
                elif found is not None:
                    target = keys[flow_id, found.name] if found.kind == "node" else f"{_BUILT_IN}{found.name}"
                    yield _Edge(keys[flow_id, node_id], target, way.label, False)


def _used_built_ins(edges: list[_Edge]) -> list[str]:
    targets = {edge.target for edge in edges}
    return [name for name in BUILT_IN if f"{_BUILT_IN}{name}" in targets]


def _plain(text: str) -> str:
    return "".join(_MERMAID.get(character, character) for character in text)


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
