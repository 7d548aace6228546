"""What the playground tells (section 9.1 of the design)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
from pydantic import BaseModel, Field

from components.helpdesk.evaluation.answer_comparison import Comparison
from components.helpdesk.evaluation.answer_run import AnswerResult, AnswerRun
from components.helpdesk.evaluation.intervals import Interval
from components.helpdesk.evaluation.prompt_gate import PromptCheck


class IntervalBody(BaseModel):
    """A figure, and the bounds that hold its true value 95 times of 100."""

    value: float
    low: float
    high: float


class CitationBody(BaseModel):
    """What [number] in the answer quotes, to the letter."""

    number: int
    document_id: str
    title: str
    section: str
    quote: str
    score: float


class PassageBody(BaseModel):
    """A passage that was found, in its place. scores: by stage. used: shown to the model."""

    chunk_id: str
    document_id: str
    scores: dict[str, float]
    used: bool


class QueryResult(BaseModel):
    """One query's answer and its lineage. right: null where nobody said what is."""

    query: str
    answer: str
    answered: bool
    right: bool | None
    reason: str | None
    confidence: float
    similarity: float | None
    grounded: float | None
    citations: list[CitationBody]
    lineage: list[PassageBody]
    latency_ms: float
    input_tokens: int
    output_tokens: int
    cost: Decimal
    model: str
    answer_id: UUID | None
    error: str | None


class VariantResult(BaseModel):
    """metrics: right, answered_right, refused_right, similarity, grounded, seconds, input_tokens, output_tokens, cost,
    as far as they are known."""

    variant: dict[str, Any]
    metrics: dict[str, IntervalBody]
    latency_ms_p50: float
    latency_ms_p95: float
    currency: str | None
    results: list[QueryResult]


class ChangedBody(BaseModel):
    """A query that is answered in other words, or judged otherwise."""

    query: str
    before: bool | None
    after: bool | None


class ComparisonBody(BaseModel):
    """after less before, over the same queries; of seconds only where both were asked in turns, not of an earlier
    evaluation. verdict: better, not_worse, undecided or worse."""

    verdict: str
    reason: str
    pairs: int
    differences: dict[str, IntervalBody]
    changed: list[ChangedBody]


class EvaluateResponse(VariantResult):
    """The variant; beside it the other, and how they differ: this less `against`."""

    set: str | None
    set_version: str | None
    missing: str
    run_id: UUID | None = Field(description="Of the stored evaluation, where a set was asked.")
    against: VariantResult | None
    comparison: ComparisonBody | None


class ProgressBody(BaseModel):
    """Queries done, of so many."""

    done: int
    total: int


class MetricsOfVersion(BaseModel):
    """latency and cost: of answers to customers, or, before there are any, of the last evaluation (`measured_on`)."""

    version: int
    active: bool
    days: int
    answers: int
    measured_on: str | None
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    cost: float | None
    currency: str | None
    accuracy: IntervalBody | None
    set_name: str | None
    set_version: str | None
    run_id: UUID | None
    evaluated_at: datetime | None
    thumbs: int
    thumbs_up: IntervalBody | None


class MetricsResponse(BaseModel):
    """By version, the newest first."""

    prompt_id: str
    versions: list[MetricsOfVersion]


class SavedResponse(BaseModel):
    """The version it became, not active yet."""

    prompt_id: str
    version: int


class RolledBackResponse(BaseModel):
    """The version that is active now."""

    prompt_id: str
    version: int


class ActivatedResponse(BaseModel):
    """comparison: null where nothing could be measured; `reason` says why."""

    prompt_id: str
    version: int
    before: int
    reason: str
    comparison: ComparisonBody | None


def variant_result(run: AnswerRun) -> VariantResult:
    p50, p95 = np.percentile([each.seconds for each in run.results], (50, 95)) * 1000
    return VariantResult(
        variant=dict(run.variant),
        metrics={name: _interval(value) for name, value in run.metrics.items()},
        latency_ms_p50=float(p50),
        latency_ms_p95=float(p95),
        currency=run.currency or None,
        results=[_query_result(each) for each in run.results],
    )


def comparison_body(comparison: Comparison) -> ComparisonBody:
    return ComparisonBody(
        verdict=comparison.verdict,
        reason=comparison.reason,
        pairs=comparison.pairs,
        differences={name: _interval(value) for name, value in comparison.differences.items()},
        changed=[
            ChangedBody(query=each.question, before=each.before.right, after=each.after.right)
            for each in comparison.changed
        ],
    )


def activated(prompt_id: str, checked: PromptCheck) -> ActivatedResponse:
    return ActivatedResponse(
        prompt_id=prompt_id,
        version=checked.version,
        before=checked.active,
        reason=checked.reason,
        comparison=comparison_body(checked.comparison) if checked.comparison else None,
    )


def _interval(interval: Interval) -> IntervalBody:
    return IntervalBody(value=interval.value, low=interval.low, high=interval.high)


def _query_result(result: AnswerResult) -> QueryResult:
    return QueryResult(
        query=result.question,
        answer=result.text,
        answered=result.answered,
        right=result.right,
        reason=result.reason,
        confidence=result.confidence,
        similarity=result.similarity,
        grounded=result.grounded,
        citations=[
            CitationBody(**{name: getattr(each, name) for name in CitationBody.model_fields})
            for each in result.citations
        ],
        lineage=[PassageBody(**{**asdict(each), "scores": dict(each.scores)}) for each in result.passages],
        latency_ms=1000 * result.seconds,
        input_tokens=result.input_tokens,
        output_tokens=result.output_tokens,
        cost=result.cost,
        model=result.model,
        answer_id=result.answer_id,
        error=result.error,
    )
