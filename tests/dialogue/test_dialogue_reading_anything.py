"""Whatever a flow file holds, it is read or refused with its name."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidFlow
from components.dialogue.flow_checks import check_flows
from components.dialogue.flow_reading import load_flows

RELAXED = settings(max_examples=100, deadline=None)


def one(text: str) -> dict[str, str]:
    return {"main.yaml": text}


SCRAPS = st.sampled_from(
    [
        *[
            "nodes:",
            "\n",
            "  ",
            "- ",
            "id: a",
            "type: ",
            "nlu",
            "message",
            "next: ",
            "→",
            "->",
            "intent: x",
            "{",
            "}",
            "[",
        ],
        *[
            "]",
            ",",
            ": ",
            "default",
            "&a",
            "*a",
            "text: x",
            "'",
            '"',
            "ask",
            "slot: s",
            "!!",
            "|",
            "> ",
            "#",
            "null",
            "1",
        ],
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4) | st.sampled_from(["a", "nlu", "ask"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "next", "nodes", "text", "slot", "if", "to"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@RELAXED
@given(st.lists(SCRAPS, max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_refused_as_an_invalid_flow(text: str) -> None:
    try:
        load_flows(one(text))
    except InvalidFlow as error:
        assert "main.yaml" in error.message  # noqa: PT017


@RELAXED
@given(st.lists(JSON, max_size=4))
def test_any_json_is_read_or_refused_as_an_invalid_flow(nodes: list[object]) -> None:
    text = json.dumps({"nodes": nodes})
    check_flows(one(text))
    try:
        load_flows(one(text))
    except InvalidFlow as error:
        assert "main.yaml" in error.message  # noqa: PT017
