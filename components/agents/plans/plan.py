"""A plan as it is followed, and what is wrong with one that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

OnError = Literal["continue", "hand_over", "fail"]


@dataclass(frozen=True)
class PlanStep:
    """One call of a tool. when: a condition, "" for always. arguments: values and templates."""

    step_id: str
    tool: str
    when: str
    arguments: Mapping[str, Any]
    on_error: OnError


@dataclass(frozen=True)
class Plan:
    """How a goal is reached. needs, may_use: JSON Schemas by the value's name. result: values and templates. source:
    the file's text. version: 0 for one that comes with the project."""

    name: str
    goal: str
    description: str
    needs: Mapping[str, Mapping[str, Any]]
    may_use: Mapping[str, Mapping[str, Any]]
    steps: tuple[PlanStep, ...]
    result: Mapping[str, Any]
    source: str
    version: int = 0

    @property
    def goal_key(self) -> str:
        """By which it is found."""
        return goal_key(self.goal)


@dataclass(frozen=True)
class PlanProblem:
    """file: as it was given. line: from 1. step: the id of the step it is about, None for the plan as a whole."""

    file: str
    line: int
    step: str | None
    message: str

    def __str__(self) -> str:
        step = f", step {self.step}" if self.step is not None else ""
        return f"{self.file}, line {self.line}{step}: {self.message}"


def goal_key(goal: str) -> str:
    """The goal without what makes no difference: capitals, blanks, a full stop.

    >>> goal_key(" Process  Refund. ")
    'process refund'
    """
    return " ".join(goal.casefold().split()).rstrip(".")
