"""Where a Botpress node keeps the customer's answer: the built-in setVariable on what was received."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from components.dialogue.botpress_conditions import variable_name
from components.dialogue.botpress_says import Said
from components.dialogue.flow import END, Arrow, AskNode, ConditionNode, Node

_SET = re.compile(r"builtin/setVariable\s+(\{.*\})\s*", re.DOTALL)
_ANSWER = re.compile(r"\{\{\{?\s*(?:event\.payload\.text|event\.preview)\s*\}?\}\}")


@dataclass(frozen=True)
class Kept:
    """slot: our name. of_user: whether Botpress keeps it as `user.name`. instruction: as it is written."""

    slot: str
    of_user: bool
    instruction: str


def kept_answer(instructions: Any) -> Kept | None:
    """The first variable that `onReceive` sets to the customer's message, None where there is none."""
    for instruction in instructions if isinstance(instructions, list) else []:
        found = _SET.fullmatch(instruction.strip()) if isinstance(instruction, str) else None
        form = _object(found[1]) if found else {}
        name, value = form.get("name"), form.get("value")
        if not isinstance(name, str) or not isinstance(value, str) or not _ANSWER.fullmatch(value.strip()):
            continue
        return Kept(variable_name(name), form.get("type") == "user", instruction)
    return None


def asked_of_users(flows: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """What a bot asks for and keeps as `user.name`: slots of ours."""
    nodes = (node for flow in flows for node in flow["nodes"] if isinstance(node, dict))
    kept = (kept_answer(node.get("onReceive")) for node in nodes)
    return frozenset(each.slot for each in kept if each is not None and each.of_user)


def asking(entry: str, router: str, question: Said, kept: Kept, conditions: list[Arrow], default: str) -> list[Node]:
    """A node that asks for what it keeps, and one that goes by it where there are conditions."""
    after = router if conditions else default
    arrows = () if after == END else (Arrow(after, 0),)
    ask = AskNode(entry, 0, arrows, slot=kept.slot, text=question.texts[0], again=True, buttons=question.buttons)
    return [ask, ConditionNode(router, 0, (*conditions, Arrow(default, 0)))] if conditions else [ask]


def _object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
