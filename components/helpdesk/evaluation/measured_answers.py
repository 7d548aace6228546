"""What decides over an index or a prompt is measured once, and judged by the judge that the tenant has named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

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
        judge, problem = None, ""
        try:
            judge = self._own_judge(tenant)
        except ModelNotAllowed as error:
            problem = f"not judged: {error.message}"
        known = self._evaluations.find(tenant, questions, variant, candidate=candidate, judge=judge)
        if known is None:
            run = self._evaluations.run(
                tenant,
                questions,
                variant,
                candidate=candidate,
                judge=judge,
                on_progress=on_progress,
                cancelled=cancelled,
            )
            return (replace(run, judge_problem=problem) if problem else run), True
        if judge is None or _is_judged(known, judge):
            return known, False
        return self._evaluations.judge(
            tenant, known, variant, judge, candidate=candidate, on_progress=on_progress, cancelled=cancelled
        ), True


def _is_judged(run: AnswerRun, judge: str) -> bool:
    """One that was down for all of it is asked again."""
    return run.judge == judge and (run.judged > 0 or not any(each.answered for each in run.results))
