"""A node in a few words, for drawings and lists."""

from __future__ import annotations

from components.dialogue.flow import (
    AskNode,
    ConditionNode,
    EndNode,
    FlowNode,
    HandoverNode,
    MessageNode,
    NluNode,
    Node,
    RagNode,
    WorkNode,
)

_LONGEST = 60


def words_of(node: Node) -> tuple[str, str]:
    """Its type, and what it says, asks or does; the second may be empty."""
    match node:
        case MessageNode():
            more = f" (or {len(node.texts) - 1} more)" if len(node.texts) > 1 else ""
            return "message", f"{_quoted(node.texts[0] if node.texts else '')}{more}"
        case AskNode():
            return "ask", f"{node.slot} {_quoted(node.text)}"
        case NluNode():
            return "nlu", node.model
        case ConditionNode():
            return "condition", ""
        case RagNode():
            return "rag", _quoted(node.query)
        case WorkNode():
            return node.kind, f"{node.name}{f' as {node.save_as}' if node.save_as else ''}"
        case FlowNode():
            return "flow", node.flow
        case HandoverNode():
            return "handover", _quoted(node.text) if node.text else ""
        case EndNode():
            return "end", _quoted(node.text) if node.text else ""
        case _:
            return type(node).__name__, ""


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f'"{line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"}"'
