"""Asks the questions of a set as customers would, of any prompt, model and pipeline, and tells the right answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from time import perf_counter
from uuid import uuid4

from components.core.answers import Answer, Passage
from components.core.embeddings import Embedder
from components.core.errors import InvalidEvaluationSet, ModelUnavailable, NotFound
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.answer_lineage import PassageLineage
from components.helpdesk.answer_log import AnswerLog
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.evaluation.answer_judge import AnswerJudge
from components.helpdesk.evaluation.answer_run import AnswerResult, AnswerRun, Variant, run_of
from components.helpdesk.evaluation.answer_similarity import AnswerSimilarityEvaluator
from components.helpdesk.evaluation.beir import EvaluationSet, set_version
from components.helpdesk.evaluation.bound_variant import BoundVariant, GeneratorFor, bind
from components.helpdesk.evaluation.judging import judged
from components.helpdesk.evaluation.runs import EvaluationRuns
from components.helpdesk.inside_channels import EVALUATION, use_of
from components.helpdesk.searching import checked_question
from components.helpdesk.storable import made_readable

# The model of that name as a judge, on the tenant's account. Raises ModelNotAllowed.
JudgeFor = Callable[[TenantContext, str], AnswerJudge]


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
        self._database, self._embedder, self._settings = database, embedder, settings
        self._generator_for, self._judge_for = generator_for, judge_for
        self._log, self._runs = AnswerLog(database), EvaluationRuns(database)
        self._similarity = AnswerSimilarityEvaluator(embedder)

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
        on_progress: Callable[[int, int], None] = lambda done, total: None,
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
        if not questions.queries:
            raise InvalidEvaluationSet(f"no question can be asked; {questions.told_missing or 'the set is empty'}")
        bound = self._bind(tenant, variant, candidate)
        asked = None if judge is None else self._judge_for(tenant, judge)
        count = len(questions.queries)
        steps = count if asked is None else 2 * count
        started = datetime.now(UTC)
        results: list[AnswerResult] = []
        currency = ""
        for query in questions.queries:
            if cancelled():
                break
            result, paid_in = self._ask(bound, questions, query, labelled, channel)
            results.append(result)
            currency = currency or paid_in
            on_progress(len(results), steps)
        run = AnswerRun(
            set_name=questions.name,
            set_version=questions.version,
            variant=bound.variant,
            fingerprint=bound.fingerprint(questions),
            results=tuple(results),
            started_at=started,
            finished_at=datetime.now(UTC),
            currency=currency,
            missing=questions.told_missing,
            cancelled=len(results) < count,
        )
        if asked is None or run.cancelled:
            return run
        done = self._judged(bound, run, asked, lambda so_far: on_progress(count + so_far, steps), cancelled)
        return replace(done, finished_at=datetime.now(UTC))

    def judge(
        self,
        tenant: TenantContext,
        run: AnswerRun,
        variant: Variant,
        judge: str,
        *,
        candidate: bool = False,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> AnswerRun:
        """A run that `find` found, with the opinions of another judge, or of one that was down. No question is asked
        again. Raises as `run`."""
        bound, asked, steps = self._bind(tenant, variant, candidate), self._judge_for(tenant, judge), len(run.results)
        started = datetime.now(UTC)
        done = self._judged(bound, run, asked, lambda so_far: on_progress(so_far, steps), cancelled)
        return replace(done, started_at=started, finished_at=datetime.now(UTC))

    def fingerprint(
        self, tenant: TenantContext, questions: EvaluationSet, variant: Variant, *, candidate: bool = False
    ) -> str:
        """Of the run that `run` would make. Raises as `run`."""
        return self._bind(tenant, variant, candidate).fingerprint(questions)

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
        bound = self._bind(tenant, variant, candidate)
        stored = self._runs.find(tenant, bound.fingerprint(questions), judge)
        if stored is None:
            return None
        return run_of(replace(stored, variant={**stored.variant, **bound.variant}))

    def _bind(self, tenant: TenantContext, variant: Variant, candidate: bool) -> BoundVariant:
        return bind(
            tenant,
            variant,
            candidate=candidate,
            database=self._database,
            embedder=self._embedder,
            generator_for=self._generator_for,
            settings=self._settings,
        )

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

    def _ask(
        self, bound: BoundVariant, questions: EvaluationSet, query: str, labelled: bool, channel: str
    ) -> tuple[AnswerResult, str]:
        """The result, and the currency of its cost."""
        question, relevant = checked_question(questions.queries[query]), questions.qrels.get(query, {})
        started = perf_counter()
        try:
            answer = bound.pipeline.answer(
                question,
                top_k=bound.top_k,
                threshold=bound.threshold,
                deadline=self._settings.request_deadline,
                prompt_template=bound.template,
                fresh=True,
                use=use_of(channel),
            )
        except ModelUnavailable as error:
            spent = perf_counter() - started
            return _failed(query, question, bool(relevant), labelled, error.code, spent), ""
        answered = self._stored(bound, question, answer, channel)
        cited = tuple(dict.fromkeys(citation.document_id for citation in answer.citations))
        right = bool(set(cited) & set(relevant)) if relevant else not answer.answered
        expected, trace = questions.expected.get(query), answer.trace
        result = AnswerResult(
            question_id=query,
            question=question,
            answerable=bool(relevant),
            answered=answer.answered,
            right=right if labelled else None,
            text=answered.answer.text,
            cited=cited,
            reason=answer.reason,
            confidence=answer.confidence,
            similarity=self._similar(expected, answer) if expected is not None else None,
            grounded=_grounded(answer),
            seconds=answer.seconds["total"],
            input_tokens=trace.input_tokens if trace else 0,
            output_tokens=trace.output_tokens if trace else 0,
            cost=trace.cost if trace else Decimal(0),
            model=answer.model,
            answer_id=answered.answer_id,
            citations=answer.citations,
            passages=tuple(
                PassageLineage(each.chunk_id, each.document_id, dict(each.stage_scores), each.chunk_id in answer.used)
                for each in answer.passages
            ),
        )
        return result, trace.currency if trace else ""

    def _stored(self, bound: BoundVariant, question: str, answer: Answer, channel: str) -> AnsweredQuestion:
        answered = AnsweredQuestion(
            answer_id=uuid4(),
            question=question,
            answer=replace(answer, text=made_readable(answer.text)),
            pipeline=bound.pipeline.name,
            index_version=bound.snapshot.version,
            trace_id=uuid4().hex,
            top_k=bound.top_k,
            pipeline_version=bound.pipeline.version,
            prompt_id=bound.template.prompt_id,
            prompt_version=bound.template.version,
        )
        self._log.store(bound.tenant, answered, channel)
        return answered

    def _similar(self, expected: str, answer: Answer) -> float | None:
        if not answer.answered:
            return None
        score: float = self._similarity.run([expected], [answer.text])["score"]
        return score


def questions_of(texts: list[str]) -> EvaluationSet:
    """Questions of which nobody has said what is right, numbered from 1."""
    queries = {str(number): text for number, text in enumerate(texts, start=1)}
    return EvaluationSet("", set_version(queries, {}, {}), queries, {})


def _grounded(answer: Answer) -> float | None:
    """A quote is its own evidence; what a model wrote, the grounder has judged sentence by sentence already, also what
    was left out for it."""
    if not answer.answered:
        return None
    sentences = answer.trace.sentences if answer.trace else ()
    return sum(each.supported for each in sentences) / len(sentences) if sentences else 1.0


def _failed(query: str, question: str, answerable: bool, labelled: bool, error: str, seconds: float) -> AnswerResult:
    return AnswerResult(
        question_id=query,
        question=question,
        answerable=answerable,
        answered=False,
        right=False if labelled else None,
        text="",
        cited=(),
        reason="provider_down",
        confidence=0.0,
        similarity=None,
        grounded=None,
        seconds=seconds,
        input_tokens=0,
        output_tokens=0,
        cost=Decimal(0),
        model="",
        answer_id=None,
        error=error,
    )
