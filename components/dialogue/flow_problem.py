"""What is wrong with a flow, said so that the person who wrote it finds the place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from components.core.alternatives import allowed

__all__ = ["FlowProblem", "allowed", "in_order"]


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
