"""Token by token into text, no character split: a character may be several tokens."""

from __future__ import annotations

from collections.abc import Callable

UNFINISHED = "\ufffd"
MAX_HELD = 12
"""Tokens after which bytes that make no character are shown as U+FFFD; a character is at most four bytes."""


class TokenText:
    """Decodes as text-generation-inference does: what a token adds depends on those before it, so each time a short
    window is decoded twice, with it and without. (Its Rust twin, tokenizers' DecodeStream, keeps bytes that make no
    character for ever, and has no end.)

    decode: token ids -> text, special tokens left out.
    """

    def __init__(self, decode: Callable[[list[int]], str]) -> None:
        self._decode = decode
        self._window: list[int] = []
        self._shown = 0  # how many tokens at the window's beginning have been shown

    def push(self, token: int) -> str:
        """The text that is whole now; empty where the token ends within a character."""
        self._window.append(token)
        added = self._added()
        if added.endswith(UNFINISHED) and len(self._window) - self._shown < MAX_HELD:
            return ""
        if added:
            del self._window[: self._shown]
            self._shown = len(self._window)
        return added

    def finish(self) -> str:
        """What is left at the end, an unfinished character as U+FFFD."""
        added = self._added()
        self._window, self._shown = [], 0
        return added

    def _added(self) -> str:
        before = self._decode(self._window[: self._shown]) if self._shown else ""
        return self._decode(self._window)[len(before) :]
