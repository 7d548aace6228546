"""Packs the pieces of one section into passages of about the same length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from components.knowledge.splitting import Piece


def packed(found: Sequence[Piece], text: str, room: int, overlap: int) -> Iterator[list[Piece]]:
    """Groups of consecutive pieces, each at most `room` tokens with what it repeats of its blocks.

    Groups are filled to the same length, with `overlap` tokens left free where there is more than one, so
    that the last is no stump. A line that ends in a colon goes with what it announces.

    text: the document that the pieces' offsets point into.
    """
    total = sum(piece.tokens for piece in found)
    target = total / max(1, -(-total // (room - overlap))) if total > room else room
    group: list[Piece] = []
    size = 0
    for piece in found:
        is_full = size + piece.tokens + piece.suffix_tokens > room
        if group and (is_full or size + piece.tokens / 2 > target):
            announcing = group[-1]
            moves = (
                len(group) > 1
                and text[announcing.start : announcing.end].rstrip().endswith(":")
                and announcing.prefix_tokens + announcing.tokens + piece.tokens + piece.suffix_tokens <= room
            )
            yield group[:-1] if moves else group
            group = [announcing] if moves else []
            size = announcing.prefix_tokens + announcing.tokens if moves else 0
        if not group:
            size = piece.prefix_tokens
        group.append(piece)
        size += piece.tokens
    if group:
        yield group
