"""The Protocol that whoever pursues a goal keeps: with a language model that calls tools, or by a declared plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from components.agents.journal import Journal


class GoalExecutor(Protocol):
    """Thread-safe."""

    def execute(self, journal: Journal, prefix: str, goal: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What came of the goal, as JSON values: `summary`, and whatever its plan or model gives beside, such as
        `toolArgs`.

        prefix: of the names of the steps that it makes in the journal, "" where the goal is all of the run. given: JSON
        values that it may use, slots of a conversation among them. Comes to the same each time it is called for the
        same journal. Raises InvalidInput where there is neither a plan nor a model for the goal, StepFailed,
        UnavailableErrors, and Paused (HandsOver among it), which is not to be caught.
        """
        ...
