"""Nodes made from what a flow file says, once the schema has nothing against it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from components.dialogue.flow import (
    HANDOVER,
    Arrow,
    AskNode,
    ConditionNode,
    EndNode,
    FlowNode,
    HandoverNode,
    MessageNode,
    NluNode,
    Node,
    RagNode,
    SlotRule,
    SlotType,
    WorkNode,
)

SLOT_TYPES: tuple[str, ...] = get_args(SlotType)


def make_node(keys: Mapping[str, Any], line: int, arrows: tuple[Arrow, ...]) -> Node:
    """keys: of one node, valid by the schema. arrows: of its `next`."""
    return _MAKERS[keys["type"]](keys, keys["id"], line, arrows)


def _message(keys: Mapping[str, Any], node_id: str, line: int, arrows: tuple[Arrow, ...]) -> Node:
    return MessageNode(node_id, line, arrows, texts=_texts(keys), buttons=tuple(keys.get("buttons", ())))


def _texts(keys: Mapping[str, Any]) -> tuple[str, ...]:
    text = keys.get("text", ())
    return (*([text] if isinstance(text, str) else text), *keys.get("texts", ()))


def _ask(keys: Mapping[str, Any], node_id: str, line: int, arrows: tuple[Arrow, ...]) -> Node:
    return AskNode(
        node_id,
        line,
        arrows,
        slot=keys["slot"],
        text=keys["text"],
        rule=_rule(keys.get("validate", {})),
        entity=keys.get("entity"),
        invalid=keys.get("invalid"),
        attempts=keys.get("attempts", 3),
        give_up=keys.get("give_up", HANDOVER),
        again=keys.get("again", False),
        buttons=tuple(keys.get("buttons", ())),
    )


def _rule(keys: Mapping[str, Any]) -> SlotRule:
    choices = _choices(keys["choices"]) if "choices" in keys else None
    return SlotRule(
        type=keys.get("type", "text" if choices is None else "choice"),
        pattern=keys.get("pattern"),
        choices=choices,
        minimum=keys.get("min"),
        maximum=keys.get("max"),
        longest=keys.get("longest", 1000),
    )


def _choices(written: Any) -> dict[str, str]:
    """Each value by its spellings, lower case, itself among them; the first of two that share a spelling keeps it."""
    entries = written.items() if isinstance(written, dict) else [(value, []) for value in written]
    found: dict[str, str] = {}
    for value, spellings in entries:
        several = spellings if isinstance(spellings, list) else [] if spellings is None else [spellings]
        for spelling in (value, *several):
            found.setdefault(" ".join(str(spelling).lower().split()), str(value))
    return found


def _nlu(keys: Mapping[str, Any], node_id: str, line: int, arrows: tuple[Arrow, ...]) -> Node:
    return NluNode(node_id, line, arrows, model=keys.get("model", "rasa_intent"))


def _condition(_: Mapping[str, Any], node_id: str, line: int, arrows: tuple[Arrow, ...]) -> Node:
    return ConditionNode(node_id, line, arrows)


def _rag(keys: Mapping[str, Any], node_id: str, line: int, arrows: tuple[Arrow, ...]) -> Node:
    query, unanswered = keys.get("query", RagNode.query), keys.get("unanswered", HANDOVER)
    return RagNode(node_id, line, arrows, query=query, unanswered=unanswered)


def _workflow(keys: Mapping[str, Any], node_id: str, line: int, arrows: tuple[Arrow, ...]) -> Node:
    return WorkNode(
        node_id,
        line,
        arrows,
        kind="workflow",
        name=keys["workflow"],
        goal=keys.get("goal", ""),
        arguments=keys.get("arguments"),
        save_as=keys.get("save_as", ""),
        failed=keys.get("failed", HANDOVER),
        pending=keys.get("pending"),
        later=keys.get("later", ""),
    )


def _tool(keys: Mapping[str, Any], node_id: str, line: int, arrows: tuple[Arrow, ...]) -> Node:
    return WorkNode(
        node_id,
        line,
        arrows,
        kind="tool",
        name=keys["tool"],
        arguments=keys.get("input"),
        save_as=keys.get("save_as", ""),
        failed=keys.get("failed", HANDOVER),
        pending=keys.get("pending"),
        later=keys.get("later", ""),
    )


def _flow(keys: Mapping[str, Any], node_id: str, line: int, arrows: tuple[Arrow, ...]) -> Node:
    return FlowNode(node_id, line, arrows, flow=keys["flow"])


def _handover(keys: Mapping[str, Any], node_id: str, line: int, _: tuple[Arrow, ...]) -> Node:
    reason = keys.get("reason", HandoverNode.reason)
    return HandoverNode(node_id, line, reason=reason, text=keys.get("text"), priority=keys.get("priority"))


def _end(keys: Mapping[str, Any], node_id: str, line: int, _: tuple[Arrow, ...]) -> Node:
    return EndNode(node_id, line, text=keys.get("text"))


_Maker = Callable[[Mapping[str, Any], str, int, tuple[Arrow, ...]], Node]
_MAKERS: Mapping[str, _Maker] = {
    "message": _message,
    "ask": _ask,
    "nlu": _nlu,
    "condition": _condition,
    "rag": _rag,
    "workflow": _workflow,
    "tool": _tool,
    "flow": _flow,
    "handover": _handover,
    "end": _end,
}
