"""What decides over an index or a prompt is measured once, and judged by the judge that the tenant has named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from components.core.errors import ModelNotAllowed
from components.core.tenant import TenantContext
from components.helpdesk.evaluation.answer_run import AnswerRun, Variant
from components.helpdesk.evaluation.answer_runs import AnswerEvaluations
from components.helpdesk.evaluation.beir import EvaluationSet

# The name that the tenant's configuration has; None where it wants no judge. Raises ModelNotAllowed for one that it may
# not use (any more).
OwnJudge = Callable[[TenantContext], str | None]


class MeasuredAnswers:
    """AnswerEvaluations for who decides."""

    def __init__(self, evaluations: AnswerEvaluations, own_judge: OwnJudge) -> None:
        self._evaluations, self._own_judge = evaluations, own_judge

    def fingerprint(self, tenant: TenantContext, questions: EvaluationSet, variant: Variant) -> str:
        """Of what serves. Raises what AnswerEvaluations.run raises."""
        return self._evaluations.fingerprint(tenant, questions, variant)

    def of(
        self,
        tenant: TenantContext,
        questions: EvaluationSet,
        variant: Variant,
        *,
        candidate: bool = False,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> tuple[AnswerRun, bool]:
        """The run, and whether anything was asked for it: then it is to be stored. A judge that may not be asked stops
        nothing: the run says why it is not judged. Raises what AnswerEvaluations.run raises."""
        (found,) = self.in_turns(
            tenant, questions, (variant,), candidate=candidate, on_progress=on_progress, cancelled=cancelled
        )
        return found

    def in_turns(
        self,
        tenant: TenantContext,
        questions: EvaluationSet,
        variants: Sequence[Variant],
        *,
        candidate: bool = False,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[tuple[AnswerRun, bool]]:
        """The same of several variants; those that were not measured yet are asked in turns."""
        judge, problem = None, ""
        try:
            judge = self._own_judge(tenant)
        except ModelNotAllowed as error:
            problem = f"not judged: {error.message}"
        known = [
            self._evaluations.find(tenant, questions, variant, candidate=candidate, judge=judge) for variant in variants
        ]
        missing = [variant for variant, run in zip(variants, known, strict=True) if run is None]
        asked: Any = {"candidate": candidate, "on_progress": on_progress, "cancelled": cancelled}
        made = iter(self._evaluations.in_turns(tenant, questions, missing, judge=judge, **asked))
        found = []
        for variant, run in zip(variants, known, strict=True):
            if run is None:
                found.append((replace(next(made), judge_problem=problem), True))
            elif judge is None or _is_judged(run, judge):
                found.append((run, False))
            else:
                found.append((self._evaluations.judge(tenant, run, variant, judge, **asked), True))
        return found


def _is_judged(run: AnswerRun, judge: str) -> bool:
    """One that was down for all of it is asked again."""
    return run.judge == judge and (run.judged > 0 or not any(each.answered for each in run.results))
