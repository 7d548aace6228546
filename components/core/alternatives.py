"""What is said to somebody who named something that there is not: what is near, and what there is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST_NAMED = 25


def allowed(bad: str, names: Iterable[str]) -> str:
    """`did you mean x? allowed are …` for a bad name."""
    known = sorted(names)
    near = get_close_matches(bad, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    named = ", ".join(known[:_MOST_NAMED]) + (f" and {len(known) - _MOST_NAMED} more" if known[_MOST_NAMED:] else "")
    return f"{hint}allowed {'is' if len(known) == 1 else 'are'} {named}" if known else "there are none"
