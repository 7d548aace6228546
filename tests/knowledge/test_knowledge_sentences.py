"""Where sentences begin and end."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.sentences import sentence_spans

MARKDOWN = st.text(st.sampled_from("aB.!? 1\n\t|#`~-*>(\"'。=_…"), max_size=80) | st.text(max_size=80)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Lee waits 2.5 days. Then? Go!", ["Dr. Lee waits 2.5 days.", "Then?", "Go!"]),
        ("It costs approx. 5 euro, e.g. Visa works. See J. Smith.", None),
        ("Step 3. Open the lid. It closed in 2024. Fine.", ["Step 3. Open the lid.", "It closed in 2024.", "Fine."]),
        ("1. Open it. Close it.\n2. Wait.", ["1. Open it.", "Close it.", "2. Wait."]),
        ('He said "Stop." (Now.) iPhone users too.', ['He said "Stop."', "(Now.)", "iPhone users too."]),
        ("你好。再见！ نعم؟ لا.", ["你好。", "再见！", "نعم؟", "لا."]),
        ("# A. Title\nText one\ngoes on. Two.", ["# A. Title", "Text one\ngoes on.", "Two."]),
        ("| A. B | c |\n|---|---|\n| D. E | f |", ["| A. B | c |", "|---|---|", "| D. E | f |"]),
        ("Run:\n```\nx = 1. Y\n\nz\n```\nDone.", ["Run:", "```\nx = 1. Y\n\nz\n```", "Done."]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str] | None) -> None:
    if expected is None:
        expected = ["It costs approx. 5 euro, e.g. Visa works.", "See J. Smith."]
    assert sentences(text) == expected


@settings(max_examples=150, deadline=None)
@given(MARKDOWN)
def test_spans_hold_every_visible_character_once_and_in_order(text: str) -> None:
    done = 0
    for start, end in sentence_spans(text):
        assert done <= start < end
        assert not text[done:start].strip()
        assert text[start:end] == text[start:end].strip()
        done = end
    assert not text[done:].strip()


@pytest.mark.parametrize("unit", [".", ". ", "a. ", ". (", "```x\n", "* ", "> ", "**" + " " * 50, "- -"])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    started = process_time()
    sentence_spans(unit * (200_000 // len(unit)) + "x")
    assert process_time() - started < 5
