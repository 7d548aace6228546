"""Flow files read into flows as far as they can be, with every problem that reading finds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from components.dialogue.flow import Flow, Node
from components.dialogue.flow_arrows import read_next
from components.dialogue.flow_nodes import make_node
from components.dialogue.flow_problem import FlowProblem, allowed
from components.dialogue.flow_schema import NAME_RULE, node_at, schema_problems
from components.dialogue.flow_yaml import MOST_FILES, Path, Written, read_yaml

MOST_NODES = 500
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class ReadFlow:
    """A flow and where its parts are written. indices: of all nodes written, also of those that could not be read."""

    flow: Flow
    written: Written
    indices: Mapping[str, int]

    def line(self, node_id: str, *keys: str | int) -> int:
        """Of a part of a node."""
        return self.written.line(("nodes", self.indices[node_id], *keys))

    def text_line(self, node_id: str, *keys: str | int) -> int:
        """Of the first line of a text, which for a block is the one after its key."""
        path: Path = ("nodes", self.indices[node_id], *keys)
        return self.written.text_lines.get(path, self.written.line(path))


@dataclass(frozen=True)
class ReadFlows:
    """By flow id. whole: whether every node of every file could be read, so that what is missing is missing."""

    flows: Mapping[str, ReadFlow]
    problems: tuple[FlowProblem, ...]

    @property
    def whole(self) -> bool:
        return not self.problems

    @property
    def plain(self) -> Mapping[str, Flow]:
        """The flows alone."""
        return {flow_id: read.flow for flow_id, read in self.flows.items()}


def read_flows(files: Mapping[str, str]) -> ReadFlows:
    """files: YAML texts by name; a flow is called after its file where it gives no id. At most 100 files of 256 KB,
    with 500 nodes together."""
    if len(files) > MOST_FILES:
        problem = FlowProblem(
            sorted(files)[MOST_FILES], 1, None, f"{len(files)} files: at most {MOST_FILES} are allowed"
        )
        return ReadFlows({}, (problem,))
    flows: dict[str, ReadFlow] = {}
    problems: list[FlowProblem] = []
    count = 0
    for file in sorted(files):
        written = read_yaml(file, files[file])
        if isinstance(written, FlowProblem):
            problems.append(written)
            continue
        count += _length(written)
        if count > MOST_NODES:
            problems.append(FlowProblem(file, 1, None, f"{count} nodes up to here: at most {MOST_NODES} are allowed"))
            break
        read = _read_flow(written, problems)
        if read is None:
            continue
        flow_id = read.flow.flow_id
        if flow_id in flows:
            line = written.line(("id",))
            other = flows[flow_id].flow.file
            problems.append(FlowProblem(file, line, None, f"the flow {flow_id!r} stands in {other} already"))
        else:
            flows[flow_id] = read
    return ReadFlows(flows, tuple(problems))


def _length(written: Written) -> int:
    nodes = written.value.get("nodes") if isinstance(written.value, dict) else None
    return len(nodes) if isinstance(nodes, list) else 0


def _read_flow(written: Written, problems: list[FlowProblem]) -> ReadFlow | None:
    wrong = schema_problems(written)
    problems += [problem for _, problem in wrong]
    value = written.value
    if not isinstance(value, dict) or not isinstance(value.get("nodes"), list):
        return None
    broken = {path[1] for path, _ in wrong if len(path) > 1 and path[0] == "nodes"}
    indices = _indices(written, problems)
    nodes = {
        node_id: _read_node(written, index, value["nodes"][index], problems)
        for node_id, index in indices.items()
        if index not in broken
    }
    if not nodes:
        return None
    own_id = value.get("id")
    flow_id = own_id if isinstance(own_id, str) else _id_of_file(written.file, problems)
    start = value["start"] if isinstance(value.get("start"), str) else next(iter(indices))
    if start not in indices:
        line = written.line(("start",))
        problems.append(FlowProblem(written.file, line, None, f"start is {start!r}: {allowed(start, indices)}"))
    flow = Flow(flow_id, written.file, start, nodes, str(value.get("description") or ""))
    return ReadFlow(flow, written, indices)


def _indices(written: Written, problems: list[FlowProblem]) -> dict[str, int]:
    """Where each node stands in the list, the first of two with one id."""
    found: dict[str, int] = {}
    for index in range(len(written.value["nodes"])):
        node_id = node_at(written, ("nodes", index))
        if node_id is None:
            continue
        if node_id in found:
            first = written.line(("nodes", found[node_id]))
            message = f"the node {node_id!r} stands in line {first} already"
            problems.append(FlowProblem(written.file, written.line(("nodes", index)), node_id, message))
        found.setdefault(node_id, index)
    return found


def _id_of_file(file: str, problems: list[FlowProblem]) -> str:
    stem = PurePath(file).stem
    if not _NAME.fullmatch(stem):
        message = f"{stem!r} cannot be a flow's name: {NAME_RULE}; name the file so, or give the flow an id"
        problems.append(FlowProblem(file, 1, None, message))
    return stem


def _read_node(written: Written, index: int, keys: Mapping[str, Any], problems: list[FlowProblem]) -> Node:
    node_id, base = str(keys["id"]), ("nodes", index)

    def refuse(line: int, message: str) -> None:
        problems.append(FlowProblem(written.file, line, node_id, message))

    def line_of(entry: int | None) -> int:
        return written.line((*base, "next") if entry is None else (*base, "next", entry))

    following = keys.get("next")
    if "next" in keys and following is None:
        refuse(line_of(None), "next is empty: a target is needed, or leave it out where the flow ends")
    arrows = () if following is None else read_next(following, keys["type"], line_of, refuse)
    return make_node(keys, written.line(base), arrows)
