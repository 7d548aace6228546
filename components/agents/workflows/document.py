"""Reads workflows as n8n exports them, and as section 7.1 of the design prints one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from components.agents.workflows.json_comments import loads_commented
from components.agents.workflows.node_kinds import KINDS
from components.agents.workflows.workflow import Link, Node, OnError, Problem, Workflow
from components.core.errors import InvalidWorkflow
from components.tools.arguments import plain

LARGEST = 512_000
MOST_NODES, MOST_LINKS = 200, 1000
LONGEST_NAME = 100
MOST_TRIES, LONGEST_PAUSE = 5, 300.0
_STICKY = "n8n-nodes-base.stickyNote"
_ON_ERROR: Mapping[str, OnError] = {
    "stopWorkflow": "stop",
    "continueRegularOutput": "continue",
    "continueErrorOutput": "error_output",
}


def parse_document(text: str) -> dict[str, Any]:
    """A workflow's JSON, comments passed over. Raises InvalidWorkflow."""
    if len(text) > LARGEST:
        raise _no_document(f"has {len(text)} characters: at most {LARGEST} are allowed")
    found = loads_commented(text)
    if not isinstance(found, dict):
        raise _no_document("is no JSON object: one with nodes and connections is allowed")
    return plain(found, "document of a workflow", "document", LARGEST)


def _no_document(why: str) -> InvalidWorkflow:
    return InvalidWorkflow(f"the workflow {why}", field="document")


def workflow_schema() -> dict[str, Any]:
    """JSON Schema of a workflow as it is read here, draft 2020-12; n8n's other keys are passed over."""
    name = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
    node = {
        "type": "object",
        "required": ["name", "type"],
        "properties": {
            "name": name,
            "type": {"enum": [*KINDS, _STICKY]},
            "parameters": {"type": "object"},
            "position": {"type": "array", "items": {"type": "number"}},
            "disabled": {"type": "boolean"},
            "onError": {"enum": list(_ON_ERROR)},
            "retryOnFail": {"type": "boolean"},
            "maxTries": {"type": "number", "maximum": MOST_TRIES},
        },
    }
    target = {"type": "object", "required": ["node"], "properties": {"node": name, "index": {"type": "integer"}}}
    outputs = {"type": "array", "items": {"type": ["array", "null"], "items": target}}
    return {
        "type": "object",
        "required": ["nodes"],
        "properties": {
            "name": name,
            "nodes": {"type": "array", "items": node, "minItems": 1, "maxItems": MOST_NODES},
            "connections": {
                "type": "object",
                "additionalProperties": {"type": "object", "properties": {"main": outputs}},
            },
        },
    }


def read_workflow(document: Mapping[str, Any], name: str = "") -> Workflow:
    """The workflow of a document. name: in place of the one that it has. Raises InvalidWorkflow that tells all that is
    wrong with its form."""
    workflow, problems = read_with_problems(document, name)
    require_none(workflow.name, problems)
    return workflow


def read_with_problems(document: Mapping[str, Any], name: str = "") -> tuple[Workflow, tuple[Problem, ...]]:
    """As much of the workflow as its form allows, and what is wrong with the form."""
    reading = _Reading(document)
    return reading.read(name or str(document.get("name") or "workflow")), tuple(reading.problems)


def require_none(name: str, problems: Iterable[Problem]) -> None:
    """Raises InvalidWorkflow where there is a problem, with all of them."""
    told = [str(problem) for problem in problems]
    if told:
        raise InvalidWorkflow(f"the workflow {name[:LONGEST_NAME]!r} cannot run: {'; '.join(told)}", field="document")


class _Reading:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.problems: list[Problem] = []

    def read(self, name: str) -> Workflow:
        written = self._document.get("nodes")
        if not isinstance(written, list) or not 1 <= len(written) <= MOST_NODES:
            self._wrong("", f"nodes is to be a list of 1 to {MOST_NODES} nodes")
            return Workflow(name, (), ())
        nodes: dict[str, Node] = {}
        for place, each in enumerate(written, start=1):
            node = self._node(each, place)
            if node is None:
                continue
            if node.name in nodes:
                self._wrong(node.name, "two nodes have this name")
            nodes[node.name] = node
        self._check_names(nodes)
        links = self._links({name: node for name, node in nodes.items() if node.type != _STICKY})
        kept = tuple(node for node in nodes.values() if node.type != _STICKY)
        if not kept:
            self._wrong("", "it has no node that does anything")
        return Workflow(name, kept, links)

    def _node(self, written: Any, place: int) -> Node | None:
        if not isinstance(written, dict):
            self._wrong("", f"node {place} is no object")
            return None
        name, kind = written.get("name"), written.get("type")
        if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME:
            self._wrong("", f"node {place} has no name of 1 to {LONGEST_NAME} characters")
            return None
        if not isinstance(kind, str) or not kind:
            self._wrong(name, "it has no type")
            return None
        parameters = written.get("parameters", {})
        if not isinstance(parameters, dict):
            self._wrong(name, "its parameters are no object")
            parameters = {}
        return Node(
            name,
            kind,
            parameters,
            self._number(name, written, "typeVersion", 1.0),
            self._position(written.get("position")),
            written.get("disabled") is True,
            self._on_error(name, written),
            int(self._number(name, written, "maxTries", 3.0, MOST_TRIES))
            if written.get("retryOnFail") is True
            else None,
            min(self._number(name, written, "waitBetweenTries", 1000.0) / 1000, LONGEST_PAUSE),
            self._credentials(name, written.get("credentials")),
            written.get("alwaysOutputData") is True,
            written.get("executeOnce") is True,
        )

    def _check_names(self, nodes: Mapping[str, Node]) -> None:
        """A node's steps are named after it: `Wait`, `Wait#2`, `Ask/1`; no other node may be called like that."""
        for name in nodes:
            head, mark, tail = name.rpartition("#")
            if mark and tail.isdecimal() and head in nodes:
                self._wrong(name, f"a later pass of {head!r} would have the same name")
            head, mark, _ = name.partition("/")
            if mark and head in nodes:
                self._wrong(name, f"a step of {head!r} may have the same name: choose one without / in it")

    def _on_error(self, name: str, written: Mapping[str, Any]) -> OnError:
        if written.get("continueOnFail") is True:
            return "continue"
        said = written.get("onError", "stopWorkflow")
        if not isinstance(said, str) or said not in _ON_ERROR:
            self._wrong(name, f"onError={said!r}: {', '.join(_ON_ERROR)} are allowed")
            return "stop"
        return _ON_ERROR[said]

    def _number(self, name: str, written: Mapping[str, Any], key: str, default: float, most: float = 10**6) -> float:
        found = written.get(key, default)
        if isinstance(found, bool) or not isinstance(found, int | float) or found < 0:
            self._wrong(name, f"{key}={json.dumps(found)[:60]}: a number is allowed")
            return default
        return min(max(float(found), 1.0) if key == "maxTries" else float(found), most)

    @staticmethod
    def _position(written: Any) -> tuple[float, float]:
        if isinstance(written, list) and len(written) == 2 and all(isinstance(each, int | float) for each in written):
            return float(written[0]), float(written[1])
        return 0.0, 0.0

    def _credentials(self, name: str, written: Any) -> Mapping[str, str]:
        if written is None:
            return {}
        if not isinstance(written, dict):
            self._wrong(name, "its credentials are no object")
            return {}
        found = {}
        for kind, reference in written.items():
            named = reference.get("name") if isinstance(reference, dict) else reference
            if not isinstance(named, str) or not named:
                self._wrong(name, f"its credentials of type {kind} have no name")
            else:
                found[kind] = named
        return found

    def _links(self, nodes: Mapping[str, Node]) -> tuple[Link, ...]:
        written = self._document.get("connections")
        if written is not None and not isinstance(written, dict):
            self._wrong("", "connections is no object")
            return ()
        if not written:
            return tuple(Link(one, 0, two, 0) for one, two in pairwise(nodes))
        found: dict[Link, None] = {}
        for source, outputs in written.items():
            if source not in nodes:
                self._wrong("", f"connections begin at {source!r}, and there is no such node")
            elif not isinstance(outputs, dict):
                self._wrong(source, "its connections are no object")
            else:
                for kind, groups in outputs.items():
                    found.update(dict.fromkeys(self._of_kind(source, kind, groups, nodes)))
        if len(found) > MOST_LINKS:
            self._wrong("", f"there are {len(found)} connections: at most {MOST_LINKS} are allowed")
        return tuple(found)

    def _of_kind(self, source: str, kind: str, groups: Any, nodes: Mapping[str, Node]) -> Iterable[Link]:
        if kind != "main" or not isinstance(groups, list):
            self._wrong(source, f"its connections of type {kind!r} are not supported: lists at main are")
            return
        for output, group in enumerate(groups):
            if not isinstance(group, list | None):
                self._wrong(source, f"its connections of output {output} are no list")
                continue
            for each in group or ():
                target = each.get("node") if isinstance(each, dict) else None
                index = each.get("index", 0) if isinstance(each, dict) else 0
                if not isinstance(target, str) or target not in nodes:
                    self._wrong(source, f"it is connected to {target!r}, and there is no such node")
                elif not isinstance(index, int) or not 0 <= index < 10 or each.get("type", "main") != "main":
                    self._wrong(source, f"its connection to {target!r} is not supported: inputs 0 to 9 of main are")
                else:
                    yield Link(source, output, target, index)

    def _wrong(self, node: str, message: str) -> None:
        self.problems.append(Problem(node, message))
