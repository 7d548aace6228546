"""A server's token counts are believed only where they are possible."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from components.models.token_counts import TokenCounts, checked_counts, estimate_tokens

ANY = st.none() | st.booleans() | st.integers(-10, 10**9) | st.floats() | st.text(max_size=3)


@settings(max_examples=200, deadline=None)
@given(ANY, ANY, st.text(max_size=60), st.text(max_size=60), st.integers(1, 100), st.integers(-3, 50))
def test_counts_are_possible_whatever_the_server_says(
    given_: object, made: object, prompt: str, written: str, most: int, hidden: int
) -> None:
    found = checked_counts(given_, made, prompt=prompt, written=written, max_tokens=most, hidden=hidden)
    assert (found.input > 0) >= bool(prompt)
    assert (found.output > 0) >= bool(written)
    assert 0 <= found.output <= max(4 * most, estimate_tokens(written))
    assert found.estimated or (found.input, found.output) == (given_, made)


def test_thoughts_that_are_not_shown_are_paid_for() -> None:
    believed = checked_counts(9, 400, prompt="Why?", written="Yes.", max_tokens=500, hidden=390)
    assert believed == TokenCounts(9, 400, estimated=False)
    assert checked_counts(9, 400, prompt="Why?", written="Yes.", max_tokens=500) == TokenCounts(9, 1, estimated=True)


def test_an_estimate_is_a_token_for_four_bytes() -> None:
    assert [estimate_tokens(text) for text in ("", "a", "abcd", "abcde", "😰", "\ud83d")] == [0, 1, 1, 2, 1, 1]
