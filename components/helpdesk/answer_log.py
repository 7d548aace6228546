"""Answers as they were given, stored with their lineage and read back: each tenant sees its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, cast, get_args
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from components.core.answers import Citation, ModelAttempt, Reason, SentenceSupport
from components.core.errors import InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AnswerRow
from components.helpdesk.answer_lineage import AnswerLineage, PassageLineage
from components.helpdesk.answered_question import AnsweredQuestion
from components.helpdesk.storable import made_readable

_LONGEST_SENTENCE = 2000
# Of answers that measure an index or a prompt: nobody asked, and there is one a question of the sets each time.
EVALUATION = "evaluation"
MOST_LISTED = 500
# Of the table: a unit of work for one row costs a millisecond.
_INSERT = insert(AnswerRow.metadata.tables[AnswerRow.__tablename__])
REASONS: tuple[Reason, ...] = get_args(Reason)


class AnswerLog:
    """Stores answers and finds them again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store(self, tenant: TenantContext, answered: AnsweredQuestion, channel: str) -> None:
        """Raises DatabaseUnavailable."""
        with self._database.tenant(tenant) as session:
            store_answer(session, tenant, answered, channel)

    def get(self, tenant: TenantContext, answer_id: UUID) -> AnswerLineage:
        """Raises NotFound, also where the answer is another tenant's."""
        with self._database.tenant(tenant) as session:
            row = session.get(AnswerRow, answer_id)
            if row is None:
                raise NotFound(f"no answer has the id {answer_id}", field="answer_id")
            return _lineage(row)

    def list(self, tenant: TenantContext, *, reason: str | None = None, limit: int = 20) -> Sequence[AnswerLineage]:
        """The newest answers first, without those of evaluations, which name theirs. reason: only those with it.
        Raises InvalidInput naming what is allowed."""
        if reason is not None and reason not in REASONS:
            raise InvalidInput(f"reason={reason!r}: allowed is one of {', '.join(REASONS)}", field="reason")
        if not 1 <= limit <= MOST_LISTED:
            raise InvalidInput(f"limit={limit}: 1 to {MOST_LISTED} are allowed", field="limit")
        newest = (AnswerRow.created_at.desc(), AnswerRow.answer_id)
        wanted = select(AnswerRow).where(AnswerRow.channel != EVALUATION).order_by(*newest).limit(limit)
        if reason is not None:
            wanted = wanted.where(AnswerRow.reason == reason)
        with self._database.tenant(tenant) as session:
            return [_lineage(row) for row in session.scalars(wanted)]


def store_answer(session: Session, tenant: TenantContext, answered: AnsweredQuestion, channel: str) -> None:
    """Within a transaction of the tenant's."""
    session.connection().execute(_INSERT, _values(tenant, answered, channel))


def _values(tenant: TenantContext, answered: AnsweredQuestion, channel: str) -> dict[str, Any]:
    answer, trace = answered.answer, answered.answer.trace
    generation: dict[str, Any] = {"pipeline_version": answered.pipeline_version}
    if answered.cached_from is not None:
        generation["cached_from"] = str(answered.cached_from)
    if trace is not None:
        generation |= {
            "attempts": [asdict(attempt) for attempt in trace.attempts],
            "sentences": [
                {**asdict(sentence), "text": made_readable(sentence.text)[:_LONGEST_SENTENCE]}
                for sentence in trace.sentences
            ],
            "citations_removed": trace.citations_removed,
            "tokens_estimated": trace.tokens_estimated,
            "first_text_seconds": trace.first_text_seconds,
        }
    return {
        "answer_id": answered.answer_id,
        "tenant_id": tenant.tenant_id,
        "question": answered.question,
        "text": answer.text,
        "answered": answer.answered,
        "confidence": answer.confidence,
        "threshold": answer.threshold,
        "model": answer.model,
        "pipeline": answered.pipeline,
        "index_version": answered.index_version,
        "citations": [asdict(citation) for citation in answer.citations],
        "passages": [
            {"chunk_id": each.chunk_id, "document_id": each.document_id, "scores": dict(each.stage_scores)}
            for each in answer.passages
        ],
        "seconds": dict(answer.seconds),
        "channel": channel,
        "trace_id": answered.trace_id,
        "top_k": answered.top_k,
        "used": list(answer.used),
        "reason": answer.reason,
        "prompt_id": answered.prompt_id,
        "prompt_version": answered.prompt_version,
        "provider": trace.provider if trace else None,
        "input_tokens": trace.input_tokens if trace else 0,
        "output_tokens": trace.output_tokens if trace else 0,
        "cost": trace.cost if trace else Decimal(0),
        "currency": trace.currency if trace else None,
        "cache_hit": answered.cache == "hit" or bool(trace and trace.cache_hit),
        "retries": trace.retries if trace else 0,
        "generation": generation,
    }


def _lineage(row: AnswerRow) -> AnswerLineage:
    more = row.generation
    cached_from = more.get("cached_from")
    return AnswerLineage(
        answer_id=row.answer_id,
        trace_id=row.trace_id,
        created_at=row.created_at,
        channel=row.channel,
        question=row.question,
        text=row.text,
        answered=row.answered,
        reason=cast("Reason | None", row.reason),
        confidence=row.confidence,
        threshold=row.threshold,
        pipeline=row.pipeline,
        pipeline_version=more.get("pipeline_version"),
        index_version=row.index_version,
        prompt_id=row.prompt_id,
        prompt_version=row.prompt_version,
        model=row.model,
        provider=row.provider,
        top_k=row.top_k,
        passages=tuple(
            PassageLineage(each["chunk_id"], each.get("document_id", ""), each["scores"], each["chunk_id"] in row.used)
            for each in row.passages
        ),
        citations=tuple(Citation(**each) for each in row.citations),
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        tokens_estimated=more.get("tokens_estimated", False),
        cost=Decimal(f"{row.cost.normalize():f}"),
        currency=row.currency,
        cache_hit=row.cache_hit,
        cached_from=UUID(cached_from) if cached_from else None,
        retries=row.retries,
        attempts=tuple(ModelAttempt(**each) for each in more.get("attempts", ())),
        sentences=tuple(SentenceSupport(**each) for each in more.get("sentences", ())),
        citations_removed=more.get("citations_removed", 0),
        first_text_seconds=more.get("first_text_seconds"),
        seconds=row.seconds,
    )
