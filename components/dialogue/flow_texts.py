"""Every template and condition of a node with the key it stands under, for whoever checks or draws them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from components.dialogue.flow import AskNode, EndNode, HandoverNode, MessageNode, Node, RagNode, WorkNode


@dataclass(frozen=True)
class FlowText:
    """path: of keys and indices below the node, as in the file."""

    path: tuple[str | int, ...]
    source: str
    kind: Literal["text", "condition"] = "text"


def texts_of(node: Node, keys: Mapping[str, Any]) -> Iterator[FlowText]:
    """keys: of the node, as they are written."""
    for index, arrow in enumerate(node.arrows):
        if arrow.condition is not None:
            path = ("next", index) if isinstance(keys.get("next"), list) else ("next",)
            yield FlowText(path, arrow.condition, "condition")
    for key in _KEYS.get(type(node), ()):
        yield from _texts((key,), keys.get(key))


_KEYS: Mapping[type[Node], tuple[str, ...]] = {
    MessageNode: ("text", "texts", "buttons"),
    AskNode: ("text", "invalid", "buttons"),
    RagNode: ("query",),
    WorkNode: ("goal", "arguments", "input", "later"),
    HandoverNode: ("text",),
    EndNode: ("text",),
}


def _texts(path: tuple[str | int, ...], value: Any) -> Iterator[FlowText]:
    if isinstance(value, str):
        yield FlowText(path, value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts((*path, index), inner)
