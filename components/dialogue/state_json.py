"""A conversation's state as JSON: what PostgreSQL keeps, read back strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

from components.core.errors import InvalidInput
from components.dialogue.turn_types import DialogueState, Frame

FORMAT = 1
LARGEST_VARIABLES = 32 * 1024
MOST_FRAMES = 40
LONGEST_NAME = 200
DEEPEST_VALUE = 20
_KEYS = frozenset({"format", "frames", "variables", "turns"})


def state_to_json(state: DialogueState) -> dict[str, Any]:
    """The state as a JSON value. Raises InvalidInput where it is none, or its variables are more than 32 KB."""
    value = {
        "format": FORMAT,
        "frames": [{"flow": each.flow, "node": each.node, "attempts": each.attempts} for each in state.frames],
        "variables": dict(state.variables),
        "turns": state.turns,
    }
    state_from_json(value)
    return value


def state_from_json(value: object) -> DialogueState:
    """The state that was stored. Raises InvalidInput naming what is cut, foreign or too large."""
    if not isinstance(value, Mapping) or set(value) != _KEYS or value["format"] != FORMAT:
        raise InvalidInput(f"state: an object of format {FORMAT} with {sorted(_KEYS)} is allowed", field="state")
    frames, variables, turns = value["frames"], value["variables"], value["turns"]
    if not isinstance(frames, list) or len(frames) > MOST_FRAMES:
        raise InvalidInput(f"state: frames: a list of at most {MOST_FRAMES} is allowed", field="frames")
    if not _is_count(turns):
        raise InvalidInput(f"state: turns is {turns!r}: 0 or more is allowed", field="turns")
    if not isinstance(variables, Mapping) or not _is_json(variables, DEEPEST_VALUE):
        raise InvalidInput("state: variables: an object of JSON values is allowed", field="variables")
    size = size_of(variables)
    if size > LARGEST_VARIABLES:
        raise InvalidInput(f"state: variables of {size} bytes: {LARGEST_VARIABLES} are allowed", field="variables")
    return DialogueState(tuple(_frame(each) for each in frames), dict(variables), turns)


def size_of(variables: Mapping[str, Any]) -> int:
    """Bytes of the variables as JSON."""
    return len(json.dumps(variables, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _frame(value: object) -> Frame:
    if isinstance(value, Mapping) and set(value) == {"flow", "node", "attempts"}:
        flow, node, attempts = value["flow"], value["node"], value["attempts"]
        if _is_name(flow) and _is_name(node) and _is_count(attempts):
            return Frame(flow, node, attempts)
    raise InvalidInput(f"state: frame {str(value)[:100]}: flow, node and attempts are allowed", field="frames")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_NAME


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_json(value: object, deepest: int) -> bool:
    match value:
        case None | bool() | int():
            return True
        case str():
            return "\x00" not in value
        case float():
            return isfinite(value)
        case Mapping():
            return deepest > 0 and all(
                isinstance(key, str) and "\x00" not in key and _is_json(inner, deepest - 1)
                for key, inner in value.items()
            )
        case list():
            return deepest > 0 and all(_is_json(inner, deepest - 1) for inner in value)
        case _:
            return False
