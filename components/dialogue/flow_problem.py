"""What is wrong with a flow, said so that the person who wrote it finds the place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

_MOST_NAMED = 25


@dataclass(frozen=True)
class FlowProblem:
    """file: as it was given. line: from 1. node: the id of the node it is about, None for the file as a whole.
    message: the bad value and what is allowed. An error keeps the flows from running, a warning does not."""

    file: str
    line: int
    node: str | None
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        node = f", node {self.node}" if self.node is not None else ""
        return f"{self.file}, line {self.line}{node}: {self.message}"


def in_order(problems: Iterable[FlowProblem]) -> tuple[FlowProblem, ...]:
    """By file and line, each once."""
    return tuple(sorted(set(problems), key=lambda each: (each.file, each.line, each.node or "", each.message)))


def allowed(bad: str, names: Iterable[str]) -> str:
    """`did you mean x? allowed are …` for a bad name."""
    known = sorted(names)
    near = get_close_matches(bad, known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    named = ", ".join(known[:_MOST_NAMED]) + (f" and {len(known) - _MOST_NAMED} more" if known[_MOST_NAMED:] else "")
    return f"{hint}allowed {'is' if len(known) == 1 else 'are'} {named}" if known else "there are none"
