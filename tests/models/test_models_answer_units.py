"""What an extractive answer may quote, and what it must quote together."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from components.models.answer_units import answer_units, group_of
from components.models.markdown_text import plain_text

LINES = st.sampled_from(
    [
        "",
        "# Returns",
        "You have 30 days. However, safety gear cannot come back.",
        "The following stay with you:",
        "- worn **socks**",
        "2. Open [Orders](x.md). Choose one.",
        "| Zone | Price |",
        "|---|---|",
        "| 1 | €5 |",
        "```",
        "> quoted",
        "**Note**",
        "[1] 😀 *x",
    ]
)
MARKDOWN = st.lists(LINES, max_size=12).map("\n".join)


def quoted(text: str, containing: str) -> str:
    units = answer_units(text)
    index = next(index for index, unit in enumerate(units) if containing in unit.shown and unit.quotable)
    first, last = group_of(units, index)
    return text[units[first].start : units[last].end]


@given(MARKDOWN | st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_units_lie_in_order_and_groups_hold_their_unit(text: str) -> None:
    units = answer_units(text)
    assert all(0 <= unit.start < unit.end <= len(text) for unit in units)
    assert all(before.end <= after.start for before, after in pairwise(units))
    for index, unit in enumerate(units):
        if unit.quotable:
            first, last = group_of(units, index)
            assert 0 <= first <= index <= last < len(units)
            assert not any(each.kind == "heading" for each in units[first : last + 1])


def test_a_table_row_is_shown_under_its_headings() -> None:
    units = answer_units("| Zone | Price |\n|---|---|\n| 1 (Austria) | **€5** |")
    assert [unit.shown for unit in units if unit.quotable] == ["Zone: 1 (Austria); Price: €5"]


def test_a_list_is_quoted_with_the_sentence_that_leads_into_it() -> None:
    text = "Keep this.\n\nThese cannot be returned:\n\n- gas\n- food\n\nOther text."
    assert quoted(text, "food") == "These cannot be returned:\n\n- gas\n- food"


def test_steps_are_quoted_whole() -> None:
    text = "# Cancel\n\n1. Open Orders.\n2. Select Cancel. Wait.\n3. Done."
    assert quoted(text, "Select Cancel") == "1. Open Orders.\n2. Select Cancel. Wait.\n3. Done."


def test_a_sentence_that_leans_back_brings_the_one_before() -> None:
    filler = "Filler sentence number one goes on for a while so that the paragraph is a long one. " * 4
    text = f"{filler}You have 30 days. However, members have 60 days. {filler}"
    assert quoted(text, "members have 60") == "You have 30 days. However, members have 60 days."


def test_markdown_marks_are_not_shown() -> None:
    shown = plain_text("> **Bold**, *soft*, `code`, [link](a.md), ![](p.png) snake_case 2*3*4 <b>x</b> see [2].")
    assert shown == "Bold, soft, code, link, snake_case 2*3*4 x see ."
