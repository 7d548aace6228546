"""What a run has made of each node of its workflow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from components.agents.run import WorkRun, WorkStep
from components.agents.workflows.workflow import Workflow


@dataclass(frozen=True)
class NodeState:
    """status: of its last pass. passes: how often it was gone through. tries: of the last pass."""

    status: str = "not begun"
    passes: int = 0
    tries: int = 0

    def __str__(self) -> str:
        more = [f"{self.passes} passes"] if self.passes > 1 else []
        more += [f"{self.tries} tries"] if self.tries > 1 else []
        return f"{self.status} ({', '.join(more)})" if more else self.status


NOT_BEGUN = NodeState()


def states_of(workflow: Workflow, run: WorkRun, steps: Iterable[WorkStep]) -> Mapping[str, NodeState]:
    """By node; those that the run has come to. What was under way when it ended is `left`."""
    found: dict[str, NodeState] = {}
    for step in steps:
        name, mark, number = step.name.rpartition("#")
        if not (mark and number.isdecimal() and name in workflow.by_name):
            name = step.name
        if name in workflow.by_name:
            left = run.ended and step.status in ("running", "waiting")
            passes = found.get(name, NOT_BEGUN).passes + 1
            found[name] = NodeState("left" if left else step.status, passes, step.attempts)
    return found
