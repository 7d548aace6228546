"""Streamed text is whole characters, and ends before the first stop sequence, wherever the pieces were split."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from components.models.text_pieces import TextPieces

LETTERS = st.text("abAB\n é😰", max_size=24)
STOPS = st.lists(st.text("abAB\n é😰", min_size=1, max_size=4), max_size=3)


def passed_on(pieces: list[str], stop: list[str]) -> list[str]:
    cutter = TextPieces(stop)
    return [*(cutter.feed(piece) for piece in pieces), cutter.finish()]


def split(units: str, cuts: list[int]) -> list[str]:
    edges = sorted({0, len(units), *(cut % (len(units) + 1) for cut in cuts)})
    return [units[start:end] for start, end in pairwise(edges)]


@settings(max_examples=200, deadline=None)
@given(LETTERS, STOPS, st.lists(st.integers(0, 100), max_size=8))
def test_what_is_passed_on_is_the_text_before_the_first_stop(text: str, stop: list[str], cuts: list[int]) -> None:
    expected = text[: min((at for each in stop if (at := text.find(each)) >= 0), default=len(text))]
    assert "".join(passed_on(split(text, cuts), stop)) == expected


@settings(max_examples=200, deadline=None)
@given(LETTERS, st.lists(st.integers(0, 100), max_size=8))
def test_halves_of_a_character_are_joined(text: str, cuts: list[int]) -> None:
    units = text.encode("utf-16-le", "surrogatepass")
    halves = "".join(chr(int.from_bytes(units[at : at + 2], "little")) for at in range(0, len(units), 2))
    pieces = passed_on(split(halves, cuts), [])
    assert "".join(pieces) == text
    assert all(piece.encode() is not None for piece in pieces)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(categories=["Cs", "Ll"]), max_size=4), max_size=6), STOPS)
def test_any_piece_can_be_written_as_utf8(pieces: list[str], stop: list[str]) -> None:
    for piece in passed_on(pieces, stop):
        piece.encode()


def test_nothing_is_held_back_that_need_not_be() -> None:
    cutter = TextPieces(["\nEnd"])
    assert [cutter.feed(piece) for piece in ("one", "\n", "two\nE", "lse")] == ["one", "", "\ntwo", "\nElse"]


def test_nothing_comes_after_a_stop() -> None:
    cutter = TextPieces(["."])
    assert [cutter.feed("a.b"), cutter.feed("c"), cutter.finish()] == ["a", "", ""]
    assert cutter.stopped
