"""Edits of a prompt that somebody left without saving them: kept, so that choosing another version loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

# The sources of system and user.
Text = tuple[str, str]
MOST_DRAFTS = 10


@dataclass(frozen=True)
class Draft:
    """version: that it was begun from."""

    number: int
    version: int
    text: Text
    kept_at: datetime

    @property
    def label(self) -> str:
        return f"Draft {self.number}, of version {self.version}, kept at {self.kept_at:%H:%M} UTC"


class Drafts:
    """Of one page, as long as it is open: the last MOST_DRAFTS."""

    def __init__(self) -> None:
        self._kept: list[Draft] = []
        self._count = 0
        self._listeners: list[Callable[[], None]] = []

    def __iter__(self) -> Iterator[Draft]:
        """The newest first."""
        return reversed(self._kept)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Calls it whenever there are others."""
        self._listeners.append(listener)

    def keep(self, version: int, text: Text) -> Draft:
        """The draft it became, or the one that says the same already."""
        known = next((each for each in self._kept if each.text == text), None)
        if known is not None:
            return known
        self._count += 1
        draft = Draft(self._count, version, text, datetime.now(UTC))
        self._set([*self._kept, draft][-MOST_DRAFTS:])
        return draft

    def drop(self, text: Text) -> None:
        """Of what is a version now."""
        self._set([each for each in self._kept if each.text != text])

    def _set(self, kept: list[Draft]) -> None:
        if kept != self._kept:
            self._kept = kept
            for listener in self._listeners:
                listener()
