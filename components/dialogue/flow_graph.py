"""Flows drawn as text: every node once, with its arrows and where each of them goes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from components.dialogue.flow import MAIN, Flow, FlowSet
from components.dialogue.flow_targets import Exit, destination, exits
from components.dialogue.flow_words import words_of

LEGEND = "↺ goes back   ↑ drawn above   ↓ drawn below   ▷ runs a flow, then goes on   ■ built in"


def draw_flows(flows: FlowSet, only: Collection[str] | None = None) -> str:
    """The flows, main first. What follows on a node without a choice stands below it, what branches off stands further
    in. only: the ids of those that are drawn, all by default."""
    drawn = [flow for flow in flows.flows.values() if only is None or flow.flow_id in only]
    ordered = sorted(drawn, key=lambda flow: (flow.flow_id != MAIN, flow.flow_id))
    return "\n\n".join("\n".join(_drawn(flows.flows, flow)) for flow in ordered) + "\n"


def _drawn(flows: Mapping[str, Flow], flow: Flow) -> Iterator[str]:
    yield f"{flow.flow_id}  ({flow.file}){f'  {flow.description}' if flow.description else ''}"
    seen: set[str] = set()
    for start in (flow.start, *flow.nodes):
        if start not in seen:
            yield from _chain(flows, flow, start, "  ", seen, ())


def _chain(
    flows: Mapping[str, Flow], flow: Flow, node_id: str, prefix: str, seen: set[str], above: tuple[str, ...]
) -> Iterator[str]:
    """A node and what follows on it without a choice. above: the nodes that lead here."""
    line = _line_from(flow, node_id, seen)
    # What this line comes to by itself is not drawn where it branches off.
    seen |= set(line)
    for place, here in enumerate(line):
        above = (*above, here)
        marks = {**dict.fromkeys(seen, "↑"), **dict.fromkeys(line[place:], "↓"), **dict.fromkeys(above, "↺")}
        kind, what = words_of(flow.nodes[here])
        yield f"{prefix}{here} · {kind}{f' {what}' if what else ''}"
        sides, plain = _ways(flow, here)
        for index, way in enumerate(sides):
            last = plain is None and index == len(sides) - 1
            yield f"{prefix}{'└─' if last else '├─'} {way.label} → {_target(flows, flow, way, marks)}"
            if _is_new(flow, way, seen):
                yield from _chain(flows, flow, way.target, prefix + ("     " if last else "│    "), seen, above)
        if here != line[-1]:
            yield f"{prefix}↓"
        elif plain is not None:
            yield f"{prefix}└→ {_target(flows, flow, plain, marks)}"


def _line_from(flow: Flow, node_id: str, seen: set[str]) -> list[str]:
    line = [node_id]
    while True:
        _, plain = _ways(flow, line[-1])
        if plain is None or not _is_new(flow, plain, seen | set(line)):
            return line
        line.append(plain.target)


def _ways(flow: Flow, node_id: str) -> tuple[list[Exit], Exit | None]:
    """The ways that branch off, and the one that simply goes on."""
    ways = list(exits(flow.nodes[node_id]))
    plain = next((way for way in ways if way.key == "next" and not way.label), None)
    return [way for way in ways if way is not plain], plain


def _is_new(flow: Flow, way: Exit, seen: set[str]) -> bool:
    return way.key != "flow" and way.target in flow.nodes and way.target not in seen


def _target(flows: Mapping[str, Flow], flow: Flow, way: Exit, marks: Mapping[str, str]) -> str:
    if way.key == "flow":
        return f"{way.target} ▷"
    found = destination(flows, flow, way.target)
    if found is None:
        return f"{way.target} ?"
    if found.kind == "node":
        return f"{way.target} {marks.get(way.target, '')}".rstrip()
    return f"{way.target} {'▷' if found.kind == 'flow' else '■'}"
