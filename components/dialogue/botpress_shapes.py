"""What a Botpress file holds in another form than Botpress writes, in words: so that nothing of it goes silently."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_OF_FLOW = frozenset(
    ["version", "catchAll", "startNode", "nodes", "skillData", "description", "name", "label", "location", "type"]
)
_OF_NODE = frozenset(
    [
        "id",
        "name",
        "type",
        "onEnter",
        "onReceive",
        "next",
        "skill",
        "flow",
        "content",
        "isNew",
        "isReadOnly",
        "lastModified",
        "x",
        "y",
        "parent",
        "conditions",
    ]
)
_OF_CATCH = frozenset(("onEnter", "onReceive", "next"))


def faults_of_flow(value: Mapping[str, Any]) -> Iterator[str]:
    """Of a flow as a whole, its nodes apart."""
    nodes = [node for node in value["nodes"] if isinstance(node, dict)]
    names = [str(node.get("name") or "") for node in nodes]
    for place, node in enumerate(value["nodes"], 1):
        if not isinstance(node, dict):
            yield f"number {place} of its nodes is {shown(node)}, which is no object: it is left out"
    for place, name in enumerate(names):
        if name in names[:place]:
            yield f"a second node is called {name!r}: it is left out"
    start = value.get("startNode")
    if nodes and str(start or "") not in names:
        begin = f"it begins at {names[0]!r} for now"
        yield f"startNode is {shown(start)}, which is none of its nodes: {begin}" if start else f"no startNode: {begin}"
    yield from _unknown(value, _OF_FLOW)
    catching = value.get("catchAll")
    if isinstance(catching, dict):
        yield from (f"catchAll: {fault}" for fault in (*_unknown(catching, _OF_CATCH), *_of_arrows(catching)))
        if catching.get("onEnter"):
            yield "catchAll: what it does on entering is left out"
    elif catching is not None:
        yield f"catchAll is {shown(catching)}, which is no object: it is left out"


def faults_of_node(node: Mapping[str, Any]) -> Iterator[str]:
    """Of one node."""
    if not node.get("name"):
        yield "it has no name"
    for key in ("onEnter", "onReceive"):
        value = node.get(key)
        if value is not None and not isinstance(value, list):
            yield f"{key} is {shown(value)}, which is no list: it is left out"
    if node.get("content") is not None and not isinstance(node["content"], dict):
        yield f"content is {shown(node['content'])}, which is no object: it is left out"
    if node.get("conditions"):
        yield "conditions, which begin a workflow, are left out: arrows of a node that listens can take their place"
    yield from _of_arrows(node)
    yield from _unknown(node, _OF_NODE)


def shown(value: Any) -> str:
    """A value in a message, as far as it is short."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return repr(text if len(text) <= 80 else text[:79] + "…") if isinstance(value, str) or len(text) > 80 else text


def _of_arrows(holder: Mapping[str, Any]) -> Iterator[str]:
    arrows = holder.get("next")
    if arrows is not None and not isinstance(arrows, list):
        yield f"next is {shown(arrows)}, which is no list: it is left out"
    for place, arrow in enumerate(arrows if isinstance(arrows, list) else [], 1):
        if not isinstance(arrow, dict):
            yield f"arrow {place} is {shown(arrow)}, which is no object: it is left out"
        elif not isinstance(arrow.get("condition", ""), str | bool) or not isinstance(arrow.get("node", ""), str):
            yield f"arrow {place} has a condition or node that is no text: {shown(arrow)}"


def _unknown(holder: Mapping[str, Any], known: frozenset[str]) -> Sequence[str]:
    return [f"{key} is left out: {shown(holder[key])}" for key in holder if key not in known and holder[key]]
