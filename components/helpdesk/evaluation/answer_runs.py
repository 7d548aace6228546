"""Asks the questions of a set as customers would, of any prompt, model and pipeline, and judges the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle
from time import perf_counter
from uuid import uuid4

from components.core.answers import Answer
from components.core.embeddings import Embedder
from components.core.errors import InvalidEvaluationSet, ModelUnavailable
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.answer_lineage import PassageLineage
from components.helpdesk.answer_log import AnswerLog
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.evaluation.answer_run import AnswerResult, AnswerRun, Variant, run_of
from components.helpdesk.evaluation.answer_similarity import AnswerSimilarityEvaluator
from components.helpdesk.evaluation.beir import EvaluationSet, set_version
from components.helpdesk.evaluation.bound_variant import BoundVariant, GeneratorFor, VariantBinder
from components.helpdesk.evaluation.runs import EvaluationRuns
from components.helpdesk.inside_channels import EVALUATION
from components.helpdesk.searching import checked_question
from components.helpdesk.storable import made_readable

Progress = Callable[[int, int], None]


class AnswerEvaluations:
    """Thread-safe. Nothing is looked up among earlier answers, so that time and cost are what they would be."""

    def __init__(self, database: Database, embedder: Embedder, generator_for: GeneratorFor, settings: Settings) -> None:
        """embedder: one that remembers nothing, see VariantBinder."""
        self._binder = VariantBinder(database, embedder, generator_for, settings)
        self._deadline = settings.request_deadline
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
        on_progress: Progress = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> AnswerRun:
        """One question after another; each answer is stored under `channel`. It is not stored as a run: who knows what
        it is for does that.

        candidate: of the newest index, not of the one that serves. labelled: whether the set knows what is right.
        cancelled: asked before every question. Raises InvalidEvaluationSet where there is no question, InvalidPrompt,
        InvalidPipeline, InvalidInput, ModelNotAllowed, IndexUnavailable, ModelMismatch, DatabaseUnavailable. A question
        whose model fails is a result with an error.
        """
        (run,) = self.in_turns(
            tenant,
            questions,
            (variant,),
            candidate=candidate,
            labelled=labelled,
            channel=channel,
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
        on_progress: Progress = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[AnswerRun]:
        """Several variants over the same questions, so that their times may be compared: all are asked a question
        before the next, and each is the first in its turn, since who comes later meets a model's server that has just
        read much the same. The rest is as in `run`; progress is of all answers."""
        if not questions.queries:
            raise InvalidEvaluationSet(f"no question can be asked; {questions.told_missing or 'the set is empty'}")
        asked = [
            _Asked(self._binder.bind(tenant, each, candidate=candidate, channel=channel), questions)
            for each in variants
        ]
        for each in asked:
            each.bound.warm()
        firsts = cycle(range(len(asked)))
        turns = [
            (query, each)
            for query, first in zip(questions.queries, firsts, strict=False)
            for each in (*asked[first:], *asked[:first])
        ]
        for done, (query, each) in enumerate(turns):
            if cancelled():
                break
            each.add(*self._ask(each.bound, questions, query, labelled))
            on_progress(done + 1, len(turns))
        return [each.run() for each in asked]

    def find(
        self, tenant: TenantContext, questions: EvaluationSet, variant: Variant, *, candidate: bool = False
    ) -> AnswerRun | None:
        """The last stored run of the very same questions, knowledge, prompt, models and pipeline, whatever numbers
        these had then. Raises as `run`."""
        bound = self._binder.bind(tenant, variant, candidate=candidate, channel=EVALUATION)
        stored = self._runs.find(tenant, bound.fingerprint(questions))
        if stored is None:
            return None
        return run_of(replace(stored, variant={**stored.variant, **bound.variant}))

    def _ask(
        self, bound: BoundVariant, questions: EvaluationSet, query: str, labelled: bool
    ) -> tuple[AnswerResult, str]:
        """The result, and the currency of its cost."""
        question, relevant = checked_question(questions.queries[query]), questions.qrels.get(query, {})
        started = perf_counter()
        try:
            answer = bound.pipeline.answer(
                question,
                top_k=bound.top_k,
                threshold=bound.threshold,
                deadline=self._deadline,
                prompt_template=bound.template,
                fresh=True,
            )
        except ModelUnavailable as error:
            spent = perf_counter() - started
            return _failed(query, question, bool(relevant), labelled, error.code, spent), ""
        answered = self._stored(bound, question, answer)
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

    def _stored(self, bound: BoundVariant, question: str, answer: Answer) -> AnsweredQuestion:
        answered = AnsweredQuestion(
            answer_id=uuid4(),
            question=question,
            answer=replace(answer, text=made_readable(answer.text)),
            pipeline=bound.pipeline.name,
            index_version=bound.index_version,
            trace_id=uuid4().hex,
            top_k=bound.top_k,
            pipeline_version=bound.pipeline.version,
            prompt_id=bound.template.prompt_id,
            prompt_version=bound.template.version,
        )
        self._log.store(bound.tenant, answered, bound.channel)
        return answered

    def _similar(self, expected: str, answer: Answer) -> float | None:
        if not answer.answered:
            return None
        score: float = self._similarity.run([expected], [answer.text])["score"]
        return score


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
