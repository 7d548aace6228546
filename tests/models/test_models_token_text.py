"""Tokens into text: no half characters, and nothing held for ever."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from components.models.token_text import MAX_HELD, TokenText


@given(st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_text_comes_back_as_it_was_without_half_a_character(text: str) -> None:
    decoder = TokenText(lambda tokens: bytes(tokens).decode(errors="replace"))
    pieces = [decoder.push(byte) for byte in text.encode()]
    assert all("\ufffd" not in piece for piece in pieces) or "\ufffd" in text
    assert "".join(pieces) + decoder.finish() == text


@given(st.binary(max_size=60))
@settings(max_examples=60, deadline=None)
def test_bytes_that_are_no_text_come_out_as_replacements_and_are_not_held_for_ever(data: bytes) -> None:
    decoder = TokenText(lambda tokens: bytes(tokens).decode(errors="replace"))
    shown = "".join([*(decoder.push(byte) for byte in data), decoder.finish()])
    whole = [byte for byte in data if byte < 128]
    assert [ord(character) for character in shown if ord(character) < 128] == whole


def test_what_makes_no_character_is_shown_after_a_while() -> None:
    decoder = TokenText(lambda tokens: bytes(tokens).decode(errors="replace"))
    assert any(decoder.push(0x80) for _ in range(MAX_HELD))
