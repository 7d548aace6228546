"""A flow written as the YAML that a person edits, and that reads back as the same flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from components.dialogue.flow import (
    HANDOVER,
    Arrow,
    AskNode,
    ConditionNode,
    EndNode,
    Flow,
    FlowNode,
    HandoverNode,
    MessageNode,
    NluNode,
    Node,
    RagNode,
    SlotRule,
    WorkNode,
)

_ARROW = "→"


class _Dumper(yaml.SafeDumper):
    """Lists further in than their key, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def represent_str(self, text: str) -> yaml.ScalarNode:
        # PyYAML writes these as they are, and reads them as ends of lines.
        style = '"' if any(end in text for end in "\x85\u2028\u2029") else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


def write_flow(flow: Flow, comments: Mapping[str, list[str]] | None = None) -> str:
    """comments: by node id, lines that stand above the node."""
    head: dict[str, Any] = {"id": flow.flow_id}
    if flow.description:
        head["description"] = flow.description
    if flow.start != next(iter(flow.nodes)):
        head["start"] = flow.start
    parts = [_dumped(head), "nodes:\n"]
    for number, (node_id, node) in enumerate(flow.nodes.items()):
        written = _dumped([_keys(node)])
        remarks = [f"# {' '.join(line.split())}\n" for line in (comments or {}).get(node_id, [])]
        block = "".join(f"  {line}" for line in (*remarks, *written.splitlines(keepends=True)))
        parts.append(block if number == 0 else f"\n{block}")
    return "".join(parts)


def _dumped(value: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    return text


def _keys(node: Node) -> dict[str, Any]:
    keys = {"id": node.node_id, **_own_keys(node)}
    if node.arrows:
        single = len(node.arrows) == 1 and node.arrows[0].is_default and not isinstance(node, NluNode | ConditionNode)
        keys["next"] = node.arrows[0].target if single else [_arrow(arrow) for arrow in node.arrows]
    return keys


def _arrow(arrow: Arrow) -> str | dict[str, str]:
    if arrow.intent is not None:
        return {"intent": f"{arrow.intent} {_ARROW} {arrow.target}"}
    if arrow.condition is not None:
        return {"if": f"{arrow.condition} {_ARROW} {arrow.target}"}
    return f"default {_ARROW} {arrow.target}"


def _own_keys(node: Node) -> dict[str, Any]:
    match node:
        case MessageNode():
            texts = {"text": node.texts[0]} if len(node.texts) == 1 else {"texts": list(node.texts)}
            return {"type": "message", **texts, **_given(buttons=list(node.buttons))}
        case AskNode():
            return {
                "type": "ask",
                "slot": node.slot,
                "text": node.text,
                **_given(entity=node.entity, validate=_rule(node.rule), invalid=node.invalid),
                **({"attempts": node.attempts} if node.attempts != AskNode.attempts else {}),
                **({"give_up": node.give_up} if node.give_up != HANDOVER else {}),
                **_given(again=node.again, buttons=list(node.buttons)),
            }
        case NluNode():
            return {"type": "nlu", "model": node.model}
        case ConditionNode():
            return {"type": "condition"}
        case RagNode():
            query = {} if node.query == RagNode.query else {"query": node.query}
            return {"type": "rag", **query, **({"unanswered": node.unanswered} if node.unanswered != HANDOVER else {})}
        case WorkNode():
            key = "arguments" if node.kind == "workflow" else "input"
            return {
                "type": node.kind,
                node.kind: node.name,
                **_given(goal=node.goal),
                **({} if node.arguments is None else {key: node.arguments}),
                **_given(save_as=node.save_as),
                **({"failed": node.failed} if node.failed != HANDOVER else {}),
                **_given(pending=node.pending, later=node.later),
            }
        case FlowNode():
            return {"type": "flow", "flow": node.flow}
        case HandoverNode():
            reason = {} if node.reason == HandoverNode.reason else {"reason": node.reason}
            return {"type": "handover", **reason, **_given(text=node.text, priority=node.priority)}
        case EndNode():
            return {"type": "end", **_given(text=node.text)}
        case _:
            raise TypeError(f"{type(node).__name__} is no node of a flow")


def _rule(rule: SlotRule) -> dict[str, Any]:
    kind = {} if rule.type == SlotRule.type else {"type": rule.type}
    choices: dict[str, list[str]] = {}
    for spelling, value in (rule.choices or {}).items():
        spellings = choices.setdefault(value, [])
        if spelling != value.lower():
            spellings.append(spelling)
    limits = {"pattern": rule.pattern, "min": rule.minimum, "max": rule.maximum}
    return {
        **kind,
        **{key: limit for key, limit in limits.items() if limit is not None},
        **_given(choices=choices),
        **({} if rule.longest == SlotRule.longest else {"longest": rule.longest}),
    }


def _given(**keys: Any) -> dict[str, Any]:
    return {key: value for key, value in keys.items() if value}
