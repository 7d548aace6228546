"""Which of several texts is said: it varies from conversation to conversation, and is the same when run again."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def variant(texts: Sequence[str], chosen_by: str) -> str:
    """One of at least one texts, by a hash of what it depends on: conversation, turn, node."""
    return texts[int.from_bytes(sha256(chosen_by.encode()).digest()[:8], "big") % len(texts)]
