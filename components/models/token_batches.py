"""Texts of like length go through a model together, so that little of the work is spent on padding."""

from __future__ import annotations

from collections.abc import Sequence


def token_batches(lengths: Sequence[int], *, budget: int) -> list[list[int]]:
    """Positions of `lengths` (tokens a text) in batches, shortest texts first.

    A batch's longest length times its size is at most `budget` tokens; a longer text has a batch of its own.

    >>> token_batches([9, 2, 3], budget=6)
    [[1, 2], [0]]
    """
    batches: list[list[int]] = []
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batches and lengths[position] * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(position)
        else:
            batches.append([position])
    return batches
