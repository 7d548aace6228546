"""A conversation's state as JSON, and read back strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.core.errors import InvalidInput
from components.dialogue.state_json import state_from_json, state_to_json
from components.dialogue.turn_types import DialogueState, Frame

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
NAMES = TEXT.filter(bool)
STATES = st.builds(
    DialogueState,
    st.lists(st.builds(Frame, NAMES, NAMES, st.integers(0, 9)), max_size=4).map(tuple),
    st.dictionaries(TEXT, VALUES, max_size=5),
    st.integers(0, 10_000),
)
GOOD: dict[str, Any] = {
    "format": 1,
    "frames": [{"flow": "main", "node": "listen", "attempts": 0}],
    "variables": {"order": "NT-1"},
    "turns": 3,
}


@given(STATES)
def test_a_state_comes_back_from_json_as_it_was(state: DialogueState) -> None:
    assert state_from_json(json.loads(json.dumps(state_to_json(state)))) == state


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"frames": None},
        {"frames": [{"flow": "main"}]},
        {"frames": [{"flow": "main", "node": "", "attempts": 0}]},
        {"frames": [{"flow": "main", "node": "x", "attempts": -1}]},
        {"frames": [{"flow": "main", "node": "x", "attempts": True}]},
        {"frames": GOOD["frames"] * 41},
        {"variables": []},
        {"variables": {"x": float("nan")}},
        {"variables": {"x": object()}},
        {"variables": {"x": "\x00"}},
        {"variables": {"x": "y" * 33_000}},
        {"turns": "3"},
        {"turns": -1},
        {"more": 1},
    ],
)
def test_a_cut_foreign_or_oversized_state_is_refused(change: dict[str, Any]) -> None:
    assert state_from_json(GOOD).turns == 3
    with pytest.raises(InvalidInput, match="state"):
        state_from_json({**GOOD, **change})


@pytest.mark.parametrize("value", [None, [], "state", {}, {key: GOOD[key] for key in ("format", "frames")}])
def test_what_is_no_state_at_all_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="state"):
        state_from_json(value)


def test_variables_nested_without_end_are_refused() -> None:
    deep: Any = "x"
    for _ in range(30):
        deep = [deep]
    with pytest.raises(InvalidInput, match="variables"):
        state_to_json(DialogueState(variables={"deep": deep}))
