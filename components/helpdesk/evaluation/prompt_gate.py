"""A prompt becomes active only where it does not answer worse than the one that is: measured before, on the same
questions, the same index and the same models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from components.core.errors import Conflict, IndexUnavailable, WorseThanActive
from components.core.prompts import PromptTemplate
from components.core.tenant import TenantContext
from components.helpdesk.evaluation.answer_comparison import Comparison, compare
from components.helpdesk.evaluation.answer_run import AnswerRun, Variant
from components.helpdesk.evaluation.beir import EvaluationSet
from components.helpdesk.evaluation.measured_answers import MeasuredAnswers
from components.helpdesk.evaluation.runs import EvaluationRuns
from components.helpdesk.evaluation.sets import EvaluationSets
from components.helpdesk.prompts import Prompts

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PromptCheck:
    """comparison: with the active version; None where nothing could be measured, and then `reason` says why."""

    version: int
    active: int
    comparison: Comparison | None
    reason: str

    @property
    def blocks(self) -> bool:
        return self.comparison is not None and self.comparison.blocks


class PromptGate:
    """The way to activate a prompt."""

    def __init__(self, prompts: Prompts, sets: EvaluationSets, runs: EvaluationRuns, measured: MeasuredAnswers) -> None:
        self._prompts, self._sets, self._runs, self._measured_answers = prompts, sets, runs, measured

    def check(
        self,
        tenant: TenantContext,
        prompt_id: str,
        version: int,
        *,
        on_progress: Progress = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> PromptCheck:
        """How the version answers beside the active one; what was not measured yet on the present index is measured
        now. Raises NotFound, InvalidPrompt, Conflict where it was called off, and what AnswerEvaluations.run raises."""
        return self._check(tenant, prompt_id, version, on_progress, cancelled)[0]

    def activate(
        self,
        tenant: TenantContext,
        prompt_id: str,
        version: int,
        author: str,
        *,
        anyway: str | None = None,
        on_progress: Progress = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> PromptCheck:
        """Activates it where it is not worse, or with the reason `anyway`, which the audit log keeps; the measurement
        is kept either way. Raises WorseThanActive, and as `check` and Prompts.activate."""
        checked, run = self._check(tenant, prompt_id, version, on_progress, cancelled)
        blocked = checked.blocks and anyway is None
        reason = checked.reason if anyway is None else f"{checked.reason}; activated anyway: {anyway}"
        if not blocked:
            self._prompts.activate(tenant, prompt_id, version, author, anyway=anyway)
        comparison = checked.comparison
        if run is not None and comparison is not None:
            stored = run.stored("prompt", reason)
            self._runs.store(tenant, replace(stored, blocked=blocked, comparison=comparison.summary()))
            if blocked:
                worse = WorseThanActive(
                    f"prompt {prompt_id!r} version {version} against {checked.active}: {checked.reason}. "
                    "Give a reason (anyway) to activate it all the same",
                    field="version",
                )
                worse.comparison = comparison.summary()
                raise worse
        return checked

    def _check(
        self, tenant: TenantContext, prompt_id: str, version: int, on_progress: Progress, cancelled: Callable[[], bool]
    ) -> tuple[PromptCheck, AnswerRun | None]:
        wanted = self._prompts.get(tenant, prompt_id, version)
        active = self._prompts.active(tenant, prompt_id)
        if wanted.version == active.version:
            return PromptCheck(version, active.version, None, f"version {version} is active already"), None
        questions = self._sets.in_use(tenant)
        if questions is None:
            return PromptCheck(version, active.version, None, "no evaluation set: nothing to measure it with"), None
        if not questions.queries:
            return PromptCheck(version, active.version, None, questions.told_missing), None
        try:
            before, after = self._measured(tenant, questions, (active, wanted), on_progress, cancelled)
        except IndexUnavailable:
            return PromptCheck(version, active.version, None, "no knowledge is served yet: nothing to ask"), None
        comparison = compare(before, after)
        reason = "; ".join(part for part in (comparison.reason, after.told_judge, questions.told_missing) if part)
        return PromptCheck(version, active.version, comparison, reason), after

    def _measured(
        self,
        tenant: TenantContext,
        questions: EvaluationSet,
        prompts: Sequence[PromptTemplate],
        on_progress: Progress,
        cancelled: Callable[[], bool],
    ) -> list[AnswerRun]:
        variants = [Variant(prompt=prompt) for prompt in prompts]
        measured = self._measured_answers.in_turns(
            tenant, questions, variants, on_progress=on_progress, cancelled=cancelled
        )
        if any(run.cancelled for run, _ in measured):
            raise Conflict("the evaluation was called off: nothing was activated")
        for run, is_new in measured:
            if is_new:
                self._runs.store(tenant, run.stored("trial", "measured for the activation of a prompt"))
        return [run for run, _ in measured]
