"""Does the candidate index answer as well as the one that serves? Asked whole, from question to cited answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from components.core.errors import IndexUnavailable
from components.core.tenant import TenantContext
from components.helpdesk.evaluation.answer_comparison import Comparison, compare
from components.helpdesk.evaluation.answer_run import OPINIONS, AnswerRun, Variant
from components.helpdesk.evaluation.beir import EvaluationSet
from components.helpdesk.evaluation.gate import Judgement
from components.helpdesk.evaluation.intervals import Interval
from components.helpdesk.evaluation.measured_answers import MeasuredAnswers
from components.helpdesk.evaluation.runs import EvaluationRuns
from components.helpdesk.evaluation.sets import EvaluationSets

Progress = Callable[[int, int], None]
NOW = Variant()


@dataclass(frozen=True)
class IndexAnswersReport:
    """index_version: of the candidate, None where nothing could be asked. right: share of the questions answered right.
    judgement: against what serves, None where nothing else does; broken, mended: questions that are answered right only
    there, and only by the candidate. measured: whether questions were asked now, not in an earlier run of the very
    same."""

    index_version: int | None
    questions: int
    right: Interval | None
    judgement: Judgement | None
    broken: tuple[str, ...]
    mended: tuple[str, ...]
    measured: bool
    reason: str
    judge: str | None = None
    scores: Mapping[str, Interval] = field(default_factory=dict)
    opinions: Mapping[str, Judgement] = field(default_factory=dict)

    @property
    def acceptable(self) -> bool:
        judgements = (self.judgement, *self.opinions.values())
        return not any(each.blocks for each in judgements if each is not None)


def unmeasured(reason: str) -> IndexAnswersReport:
    """Where nothing can be asked, nothing speaks against the candidate."""
    return IndexAnswersReport(None, 0, None, None, (), (), False, reason)


class IndexAnswers:
    """Measures a tenant's candidate with its prompt, models and pipeline as they are."""

    def __init__(self, sets: EvaluationSets, runs: EvaluationRuns, measured: MeasuredAnswers) -> None:
        self._sets, self._runs, self._measured = sets, runs, measured

    def evaluate(self, tenant: TenantContext, on_progress: Progress | None = None) -> IndexAnswersReport:
        """Kept in the history once it is new. Raises what AnswerEvaluations.run raises."""
        questions = self._sets.in_use(tenant)
        if questions is None or not questions.queries:
            missing = questions.told_missing if questions is not None else ""
            return unmeasured(missing or "no evaluation set: no answers to measure")
        progress = on_progress or (lambda done, total: None)
        run, is_new = self._measured.of(tenant, questions, NOW, candidate=True, on_progress=progress)
        before = self._of_serving(tenant, questions, run)
        comparison = None if before is None else compare(before, run)
        report = _report(run, comparison, is_new)
        if is_new or not report.acceptable:
            summary = comparison.summary() if comparison else None
            stored = run.stored("index", report.reason)
            self._runs.store(tenant, replace(stored, blocked=not report.acceptable, comparison=summary))
        return report

    def _of_serving(self, tenant: TenantContext, questions: EvaluationSet, candidate: AnswerRun) -> AnswerRun | None:
        try:
            if self._measured.fingerprint(tenant, questions, NOW) == candidate.fingerprint:
                return None
            run, is_new = self._measured.of(tenant, questions, NOW)
        except IndexUnavailable:
            return None
        if is_new:
            self._runs.store(tenant, run.stored("trial", "measured beside a candidate index"))
        return run


def _report(run: AnswerRun, comparison: Comparison | None, is_new: bool) -> IndexAnswersReport:
    right = run.metrics["right"]
    changed = [each for each in comparison.changed if each.rightness_changed] if comparison else []
    told = (
        f"{right.value:.3f} of {len(run.results)} questions answered right ({right.low:.3f} to {right.high:.3f})",
        comparison.reason if comparison else "nothing else serves to compare it with",
        run.told_judge,
        run.missing,
    )
    return IndexAnswersReport(
        index_version=run.variant["index_version"],
        questions=len(run.results),
        right=right,
        judgement=comparison.judgement if comparison else None,
        broken=tuple(each.question for each in changed if each.before.right),
        mended=tuple(each.question for each in changed if each.after.right),
        measured=is_new,
        reason="; ".join(part for part in told if part),
        judge=run.judge,
        scores={name: run.metrics[name] for name in OPINIONS if name in run.metrics},
        opinions=comparison.opinions if comparison else {},
    )
