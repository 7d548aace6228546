"""Asks the questions of a set as customers would, of any prompt, model and pipeline, and tells the right answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle

from components.core.answers import Passage
from components.core.embeddings import Embedder
from components.core.errors import InvalidEvaluationSet, NotFound
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.answer_log import AnswerLog
from components.helpdesk.evaluation.answer_judge import AnswerJudge
from components.helpdesk.evaluation.answer_run import AnswerResult, AnswerRun, Variant, run_of
from components.helpdesk.evaluation.beir import EvaluationSet, set_version
from components.helpdesk.evaluation.bound_variant import BoundVariant, GeneratorFor, VariantBinder
from components.helpdesk.evaluation.judging import judged
from components.helpdesk.evaluation.question_asker import QuestionAsker
from components.helpdesk.evaluation.runs import EvaluationRuns
from components.helpdesk.inside_channels import EVALUATION

# The model of that name as a judge, on the tenant's account. Raises ModelNotAllowed.
JudgeFor = Callable[[TenantContext, str], AnswerJudge]
Progress = Callable[[int, int], None]


class AnswerEvaluations:
    """Thread-safe. Nothing is looked up among earlier answers, so that time and cost are what they would be."""

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        generator_for: GeneratorFor,
        judge_for: JudgeFor,
        settings: Settings,
    ) -> None:
        """embedder: one that remembers nothing, see VariantBinder."""
        self._binder = VariantBinder(database, embedder, generator_for, settings)
        self._asker = QuestionAsker(database, embedder, settings.request_deadline)
        self._judge_for = judge_for
        self._log, self._runs = AnswerLog(database), EvaluationRuns(database)

    def run(
        self,
        tenant: TenantContext,
        questions: EvaluationSet,
        variant: Variant,
        *,
        candidate: bool = False,
        labelled: bool = True,
        channel: str = EVALUATION,
        judge: str | None = None,
        on_progress: Progress = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> AnswerRun:
        """One question after another; each answer is stored under `channel`. It is not stored as a run: who knows what
        it is for does that.

        candidate: of the newest index, not of the one that serves. labelled: whether the set knows what is right.
        judge: a model that is asked afterwards what it thinks of the answers; the run is kept where it is down.
        on_progress: steps done, of all, which are twice the questions with a judge. cancelled: asked at every step.

        Raises InvalidEvaluationSet where there is no question, InvalidPrompt, InvalidPipeline, InvalidInput,
        ModelNotAllowed, IndexUnavailable, ModelMismatch, DatabaseUnavailable. A question whose model fails is a result
        with an error.
        """
        (run,) = self.in_turns(
            tenant,
            questions,
            (variant,),
            candidate=candidate,
            labelled=labelled,
            channel=channel,
            judge=judge,
            on_progress=on_progress,
            cancelled=cancelled,
        )
        return run

    def in_turns(
        self,
        tenant: TenantContext,
        questions: EvaluationSet,
        variants: Sequence[Variant],
        *,
        candidate: bool = False,
        labelled: bool = True,
        channel: str = EVALUATION,
        judge: str | None = None,
        on_progress: Progress = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[AnswerRun]:
        """Several variants over the same questions, so that their times may be compared: all are asked a question
        before the next, and each is the first in its turn, since who comes later meets a model's server that has just
        read much the same. The rest is as in `run`; progress is of all answers."""
        if not questions.queries:
            raise InvalidEvaluationSet(f"no question can be asked; {questions.told_missing or 'the set is empty'}")
        asked = [_Asked(self._binder.bind(tenant, each, candidate=candidate), questions) for each in variants]
        judges = [] if judge is None else [self._judge_for(tenant, judge) for _ in asked]
        for each in asked:
            each.bound.warm()
        firsts = cycle(range(len(asked)))
        turns = [
            (query, each)
            for query, first in zip(questions.queries, firsts, strict=False)
            for each in (*asked[first:], *asked[:first])
        ]
        steps = len(turns) * (2 if judges else 1)
        for done, (query, each) in enumerate(turns):
            if cancelled():
                break
            each.add(*self._asker.ask(each.bound, questions, query, labelled, channel))
            on_progress(done + 1, steps)
        runs = [each.run() for each in asked]
        if not judges or any(run.cancelled for run in runs):
            return runs
        count = len(questions.queries)
        for at, (each, by) in enumerate(zip(asked, judges, strict=True)):
            before = len(turns) + at * count
            runs[at] = self._judged(each.bound, runs[at], by, _later(on_progress, before, steps), cancelled)
        return [replace(run, finished_at=datetime.now(UTC)) for run in runs]

    def judge(
        self,
        tenant: TenantContext,
        run: AnswerRun,
        variant: Variant,
        judge: str,
        *,
        candidate: bool = False,
        on_progress: Progress = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> AnswerRun:
        """A run that `find` found, with the opinions of another judge, or of one that was down. No question is asked
        again. Raises as `run`."""
        bound = self._binder.bind(tenant, variant, candidate=candidate)
        asked, progress = self._judge_for(tenant, judge), _later(on_progress, 0, len(run.results))
        started = datetime.now(UTC)
        done = self._judged(bound, run, asked, progress, cancelled)
        return replace(done, started_at=started, finished_at=datetime.now(UTC))

    def fingerprint(
        self, tenant: TenantContext, questions: EvaluationSet, variant: Variant, *, candidate: bool = False
    ) -> str:
        """Of the run that `run` would make. Raises as `run`."""
        return self._binder.bind(tenant, variant, candidate=candidate).fingerprint(questions)

    def find(
        self,
        tenant: TenantContext,
        questions: EvaluationSet,
        variant: Variant,
        *,
        candidate: bool = False,
        judge: str | None = None,
    ) -> AnswerRun | None:
        """The last stored run of the very same questions, knowledge, prompt, models and pipeline, whatever numbers
        these had then: one that `judge` has judged, else any. Raises as `run`."""
        bound = self._binder.bind(tenant, variant, candidate=candidate)
        stored = self._runs.find(tenant, bound.fingerprint(questions), judge)
        if stored is None:
            return None
        return run_of(replace(stored, variant={**stored.variant, **bound.variant}))

    def _judged(
        self,
        bound: BoundVariant,
        run: AnswerRun,
        judge: AnswerJudge,
        on_progress: Callable[[int], None],
        cancelled: Callable[[], bool],
    ) -> AnswerRun:
        def passages_of(result: AnswerResult) -> list[Passage]:
            if result.passages or result.answer_id is None:
                lineage = result.passages
            else:
                lineage = self._log.get(bound.tenant, result.answer_id).passages
            shown = [each.chunk_id for each in lineage if each.used]
            found = bound.snapshot.passages(shown)
            if not shown or len(found) < len(shown):
                raise NotFound("what the answer was made of is not in the index any more")
            return list(found.values())

        return judged(run, judge, passages_of, on_progress, cancelled)


class _Asked:
    """A run under way."""

    def __init__(self, bound: BoundVariant, questions: EvaluationSet) -> None:
        self.bound, self._questions = bound, questions
        self._started, self._results, self._currency = datetime.now(UTC), list[AnswerResult](), ""

    def add(self, result: AnswerResult, currency: str) -> None:
        self._results.append(result)
        self._currency = self._currency or currency

    def run(self) -> AnswerRun:
        """As far as it got."""
        return AnswerRun(
            set_name=self._questions.name,
            set_version=self._questions.version,
            variant=self.bound.variant,
            fingerprint=self.bound.fingerprint(self._questions),
            results=tuple(self._results),
            started_at=self._started,
            finished_at=datetime.now(UTC),
            currency=self._currency,
            missing=self._questions.told_missing,
            cancelled=len(self._results) < len(self._questions.queries),
        )


def questions_of(texts: list[str]) -> EvaluationSet:
    """Questions of which nobody has said what is right, numbered from 1."""
    queries = {str(number): text for number, text in enumerate(texts, start=1)}
    return EvaluationSet("", set_version(queries, {}, {}), queries, {})


def _later(on_progress: Progress, before: int, steps: int) -> Callable[[int], None]:
    """Progress of what begins after `before` steps."""
    return lambda done: on_progress(before + done, steps)
