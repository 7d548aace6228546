"""What counts as a word, alike where documents are counted and where a question is mended."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W\d_]+")


def words_of(text: str) -> set[str]:
    """The distinct lower-case words of a text: runs of letters, no digits."""
    return {match.lower() for match in WORD.findall(text)}
