"""Asks the questions of a set as customers would, of any prompt, model and pipeline, and judges the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from time import perf_counter
from typing import Any
from uuid import uuid4

from components.core.answers import Answer
from components.core.embeddings import Embedder
from components.core.errors import IndexUnavailable, InvalidEvaluationSet, ModelUnavailable
from components.core.generation import AnswerGenerator
from components.core.prompts import PromptTemplate
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.answer_lineage import PassageLineage
from components.helpdesk.answer_log import AnswerLog
from components.helpdesk.answer_terms import read_terms
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.evaluation.answer_run import DEFAULT_TOP_K, AnswerResult, AnswerRun, Variant, run_of
from components.helpdesk.evaluation.answer_similarity import AnswerSimilarityEvaluator
from components.helpdesk.evaluation.beir import EvaluationSet, set_version
from components.helpdesk.evaluation.runs import EvaluationRuns
from components.helpdesk.inside_channels import EVALUATION, use_of
from components.helpdesk.searching import checked_question, checked_top_k
from components.helpdesk.storable import made_readable
from components.retrieval.loading import Bindings, parse_definition
from components.retrieval.pipeline import RetrievalPipeline
from components.retrieval.pipeline_schema import shipped_pipelines
from components.retrieval.prompting import check_template
from components.vectors.snapshot import IndexSnapshot
from components.vectors.tenant_index import TenantIndex

SENT = "sent"  # The name of a pipeline that came as YAML.

# The tenant's generator, with a named model instead of its own, and a text that changes when what answers does. Raises
# ModelNotAllowed.
GeneratorFor = Callable[[TenantContext, str | None], tuple[AnswerGenerator, str]]


@dataclass(frozen=True)
class _Bound:
    """A variant on one version of the tenant's index, ready to be asked."""

    tenant: TenantContext
    pipeline: RetrievalPipeline
    index_version: int
    template: PromptTemplate
    threshold: float
    top_k: int
    model: str | None
    channel: str
    basis: tuple[object, ...]

    @property
    def variant(self) -> dict[str, Any]:
        return {
            "prompt_id": self.template.prompt_id,
            "prompt_version": self.template.version,
            "model": self.model,
            "top_k": self.top_k,
            "pipeline": self.pipeline.name,
            "pipeline_version": self.pipeline.version,
            "index_version": self.index_version,
            "threshold": self.threshold,
        }

    def fingerprint(self, questions: EvaluationSet) -> str:
        asked = (questions.name, questions.version, questions.missing)
        return sha256(repr((self.basis, asked)).encode()).hexdigest()


class AnswerEvaluations:
    """Thread-safe. Nothing is looked up among earlier answers, so that time and cost are what they would be."""

    def __init__(self, database: Database, embedder: Embedder, generator_for: GeneratorFor, settings: Settings) -> None:
        self._database, self._embedder, self._settings = database, embedder, settings
        self._generator_for = generator_for
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
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> AnswerRun:
        """One question after another; each answer is stored under `channel`. It is not stored as a run: who knows what
        it is for does that.

        candidate: of the newest index, not of the one that serves. labelled: whether the set knows what is right.
        cancelled: asked before every question. Raises InvalidEvaluationSet where there is no question, InvalidPrompt,
        InvalidPipeline, InvalidInput, ModelNotAllowed, IndexUnavailable, ModelMismatch, DatabaseUnavailable. A question
        whose model fails is a result with an error.
        """
        if not questions.queries:
            raise InvalidEvaluationSet(f"no question can be asked; {questions.told_missing or 'the set is empty'}")
        bound = self._bind(tenant, variant, candidate, channel)
        started = datetime.now(UTC)
        results: list[AnswerResult] = []
        currency = ""
        for query in questions.queries:
            if cancelled():
                break
            result, paid_in = self._ask(bound, questions, query, labelled)
            results.append(result)
            currency = currency or paid_in
            on_progress(len(results), len(questions.queries))
        return AnswerRun(
            set_name=questions.name,
            set_version=questions.version,
            variant=bound.variant,
            fingerprint=bound.fingerprint(questions),
            results=tuple(results),
            started_at=started,
            finished_at=datetime.now(UTC),
            currency=currency,
            missing=questions.told_missing,
            cancelled=len(results) < len(questions.queries),
        )

    def find(
        self, tenant: TenantContext, questions: EvaluationSet, variant: Variant, *, candidate: bool = False
    ) -> AnswerRun | None:
        """The last stored run of the very same questions, knowledge, prompt, models and pipeline, whatever numbers
        these had then. Raises as `run`."""
        bound = self._bind(tenant, variant, candidate, EVALUATION)
        stored = self._runs.find(tenant, bound.fingerprint(questions))
        if stored is None:
            return None
        return run_of(replace(stored, variant={**stored.variant, **bound.variant}))

    def fingerprint(self, tenant: TenantContext, questions: EvaluationSet, variant: Variant) -> str:
        """Of what a run of the index that serves would be. Raises as `run`."""
        return self._bind(tenant, variant, False, EVALUATION).fingerprint(questions)

    def _bind(self, tenant: TenantContext, variant: Variant, candidate: bool, channel: str) -> _Bound:
        if variant.prompt is not None:
            check_template(variant.prompt)
        top_k = checked_top_k(DEFAULT_TOP_K if variant.top_k is None else variant.top_k)
        index = TenantIndex.open(self._settings.data_dir / "vectors", tenant, self._embedder.identity)
        snapshot = index.latest() if candidate else index.served()
        if snapshot is None:
            raise IndexUnavailable("no knowledge is being served for this tenant yet: run `helpdesk ingest` first")
        generator, models = self._generator_for(tenant, variant.model)
        pipeline = self._pipeline(variant.pipeline, Bindings(snapshot, self._embedder, generator))
        with self._database.tenant(tenant) as session:
            # The threshold is the tenant's also for another pipeline: confidence does not hang on how it was found.
            terms = read_terms(session, tenant, snapshot.version, self._settings.pipeline)
        template = variant.prompt or terms.prompt
        knowledge = (self._embedder.identity.fingerprint, _content_of(snapshot))
        asked = (template.system, template.user, models, top_k, pipeline.version, terms.threshold)
        return _Bound(
            tenant,
            pipeline,
            snapshot.version,
            template,
            terms.threshold,
            top_k,
            variant.model,
            channel,
            (*knowledge, *asked),
        )

    def _pipeline(self, wanted: str | None, bindings: Bindings) -> RetrievalPipeline:
        if wanted is None or wanted in shipped_pipelines():
            return RetrievalPipeline(wanted or self._settings.pipeline, bindings)
        return RetrievalPipeline(SENT, bindings, parse_definition(wanted))

    def _ask(self, bound: _Bound, questions: EvaluationSet, query: str, labelled: bool) -> tuple[AnswerResult, str]:
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
                use=use_of(bound.channel),
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

    def _stored(self, bound: _Bound, question: str, answer: Answer) -> AnsweredQuestion:
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


def _content_of(snapshot: IndexSnapshot) -> str:
    """Of what an index holds, whatever number its version has: ids come from content."""
    ids = sorted(snapshot.rows(["chunk_id"])["chunk_id"].to_pylist())
    return sha256("\n".join(ids).encode()).hexdigest()
