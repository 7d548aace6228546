"""What a text from outside may hold."""

from __future__ import annotations


def without_nul(text: str) -> str:
    """`text` itself. Raises ValueError where it holds U+0000, which PostgreSQL cannot store."""
    if "\0" in text:
        raise ValueError("must not hold the character U+0000")
    return text
