"""How far one goal may go: steps, seconds, tokens and money, past which a person goes on with it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from components.agents.journal import Journal
from components.agents.pausing import HandsOver
from components.agents.run import WorkStep
from components.agents.tool_steps import KIND as TOOL
from components.helpdesk.actions_config import ActionsConfig

MODEL = "model"
LONGEST_TRY = 60.0
_ENDED = ("done", "failed")


class Allowance:
    """Of one goal within a run, as its journal stands. What has ended was allowed: only what comes is held against the
    limits, so that a run that goes on later takes the same way."""

    def __init__(self, journal: Journal, prefix: str, limits: ActionsConfig) -> None:
        self._journal, self._prefix, self.limits = journal, prefix, limits

    def admit(self, name: str) -> float:
        """That the step `name` may be begun; seconds that it has at most. Raises HandsOver that says which limit is
        reached."""
        stood = self._journal.find(name)
        if stood is not None and stood.status in _ENDED:
            return self.limits.seconds
        steps = [step for step in self._steps() if step.name != name]
        if len(steps) >= self.limits.steps:
            raise HandsOver(f"{len(steps)} steps did not reach the goal: `actions.steps` allows no more")
        left = self.limits.seconds - sum(_seconds(step) for step in self._steps())
        if left <= 0:
            raise HandsOver(f"{self.limits.seconds:g} s did not reach the goal: `actions.seconds` allows no more")
        return left

    def admit_turn(self, name: str) -> tuple[float, int]:
        """The same of a model's turn: seconds and tokens that are left."""
        left = self.admit(name)
        stood = self._journal.find(name)
        if stood is not None and stood.status in _ENDED:
            return left, self.limits.tokens
        turns = [step.output for step in self._steps() if step.kind == MODEL and step.output is not None]
        tokens = self.limits.tokens - sum(turn["input_tokens"] + turn["output_tokens"] for turn in turns)
        if tokens <= 0:
            raise HandsOver(f"{self.limits.tokens - tokens:,} tokens: `actions.tokens` allows {self.limits.tokens:,}")
        cost = sum((Decimal(turn["cost"]) for turn in turns), Decimal(0))
        if self.limits.cost is not None and cost >= self.limits.cost and turns:
            raise HandsOver(f"{cost:f} was spent on models: `actions.cost` allows {self.limits.cost:f}")
        return left, tokens

    def _steps(self) -> list[WorkStep]:
        kinds = (MODEL, TOOL)
        return [step for step in self._journal.steps if step.kind in kinds and step.name.startswith(self._prefix)]


def _seconds(step: WorkStep) -> float:
    """How long was worked on it: neither what a person took to decide counts, nor the time after a process died."""
    if step.output is not None:
        return float(step.output["seconds"])
    if step.invocation_id is not None:
        return 0.0
    elapsed = ((step.finished_at or datetime.now(UTC)) - step.started_at).total_seconds()
    return min(elapsed, LONGEST_TRY * step.attempts)
