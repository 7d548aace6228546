"""No passage is cut off silently: one that the model cannot read whole is refused by name."""

from __future__ import annotations

from collections.abc import Sequence

from components.core.errors import InvalidInput


def refuse_long(lengths: Sequence[int], *, max_tokens: int, model: str) -> None:
    """`lengths`: tokens of each passage, special tokens left out. Raises InvalidInput for the first
    one past `max_tokens`."""
    for position, length in enumerate(lengths):
        if length > max_tokens:
            raise InvalidInput(
                f"passage {position} has {length} tokens; {model!r} reads at most {max_tokens}: chunk it smaller",
                field="texts",
            )
