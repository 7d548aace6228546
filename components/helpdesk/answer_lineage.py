"""Everything that a stored answer stood on: what explains it to the person who has to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from components.core.answers import Citation, ModelAttempt, Reason, SentenceSupport


@dataclass(frozen=True)
class PassageLineage:
    """A passage that was found, in its place. scores: by stage. used: the generator was shown it."""

    chunk_id: str
    document_id: str
    scores: Mapping[str, float]
    used: bool


@dataclass(frozen=True)
class AnswerLineage:
    """A stored answer with all that it came from. Where an older version of the helpdesk stored it, what that did
    not note is None, empty or 0.

    reason: why it is a refusal, or an extraction though a language model was to be had; None for neither.
    passages: best first. input_tokens, output_tokens: of the text's making, also where this answer repeats it. cost:
    of this answer, in `currency`. cache_hit: no model was asked for it. cached_from: the answer that it repeats
    whole. seconds: by stage, and `total`.
    """

    answer_id: UUID
    trace_id: str | None
    created_at: datetime
    channel: str
    question: str
    text: str
    answered: bool
    reason: Reason | None
    confidence: float
    threshold: float
    pipeline: str
    pipeline_version: str | None
    index_version: int
    prompt_id: str | None
    prompt_version: int | None
    model: str
    provider: str | None
    top_k: int | None
    passages: tuple[PassageLineage, ...]
    citations: tuple[Citation, ...]
    input_tokens: int
    output_tokens: int
    tokens_estimated: bool
    cost: Decimal
    currency: str | None
    cache_hit: bool
    cached_from: UUID | None
    retries: int
    attempts: tuple[ModelAttempt, ...]
    sentences: tuple[SentenceSupport, ...]
    citations_removed: int
    first_text_seconds: float | None
    seconds: Mapping[str, float]
