"""Asks one question of an evaluation as a customer would, and tells whether the answer is right."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from time import perf_counter
from uuid import uuid4

from components.core.answers import Answer
from components.core.embeddings import Embedder
from components.core.errors import ModelUnavailable
from components.database.session import Database
from components.helpdesk.answer_lineage import PassageLineage
from components.helpdesk.answer_log import AnswerLog
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.evaluation.answer_run import AnswerResult
from components.helpdesk.evaluation.answer_similarity import AnswerSimilarityEvaluator
from components.helpdesk.evaluation.beir import EvaluationSet
from components.helpdesk.evaluation.bound_variant import BoundVariant
from components.helpdesk.inside_channels import use_of
from components.helpdesk.searching import checked_question
from components.helpdesk.storable import made_readable


class QuestionAsker:
    """Thread-safe. deadline: seconds of one answer."""

    def __init__(self, database: Database, embedder: Embedder, deadline: float) -> None:
        self._log, self._deadline = AnswerLog(database), deadline
        self._similarity = AnswerSimilarityEvaluator(embedder)

    def ask(
        self, bound: BoundVariant, questions: EvaluationSet, query: str, labelled: bool, channel: str
    ) -> tuple[AnswerResult, str]:
        """The result, and the currency of its cost. labelled: whether the set knows what is right."""
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
