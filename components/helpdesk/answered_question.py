"""A question once it is answered: what every channel gets back, and what is stored of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from components.core.answers import Answer

CacheOutcome = Literal["hit", "miss", "unavailable", "off"]


@dataclass(frozen=True)
class AnsweredQuestion:
    """An answer as it was given and stored.

    trace_id: 32 hexadecimal digits that the question had on its way. pipeline_version: of the pipeline's YAML.
    prompt_id, prompt_version: the template that was active, whether or not a language model was asked. cache: where
    the whole answer came from; `off` where nothing is kept. cached_from: the answer that a hit repeats.
    """

    answer_id: UUID
    question: str
    answer: Answer
    pipeline: str
    index_version: int
    trace_id: str
    top_k: int
    pipeline_version: str
    prompt_id: str
    prompt_version: int
    cache: CacheOutcome = "off"
    cached_from: UUID | None = None
