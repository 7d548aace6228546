"""Whole answers kept for equal questions, so that the second customer who asks waits for no retrieval and no model."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from components.core.answers import Answer, Reason
from components.core.errors import Unavailable
from components.core.prompts import PromptTemplate
from components.core.tenant import TenantContext
from components.helpdesk.answered_question import CacheOutcome

if TYPE_CHECKING:
    from components.gateway.event_loop import EventLoopThread
    from components.gateway.prompt_cache import PromptCache

logger = logging.getLogger("helpdesk.answers")

RULES = 1  # Raise where equal questions are answered differently by new code: what was kept before is then not found.
# Redis has time-outs of its own, which are shorter: this bounds a loop that is busy.
WAIT = 1.0
_KEPT: frozenset[Reason | None] = frozenset({None, "low_confidence", "not_retrieved"})


@dataclass(frozen=True)
class AnswerBasis:
    """What an answer depends on, besides the tenant and its models. index: version, and signature of the pointer to
    it, since a rebuilt index counts from the beginning; it pins what is retrieved. pipeline: name and version.
    language: to answer in, None for the question's own; translated: whether that is not the knowledge's."""

    question: str
    top_k: int
    index: tuple[int, ...]
    embedder: str
    pipeline: tuple[str, str]
    prompt: PromptTemplate
    threshold: float
    refusal: str | None
    language: str | None = None
    translated: bool = False


@dataclass(frozen=True)
class CachedAnswer:
    """An answer with the id under which it was given first."""

    answer_id: UUID
    answer: Answer


_SERIALISED = TypeAdapter(CachedAnswer)


class AnswerCache:
    """Answers by what they depend on; without Redis it finds and keeps nothing. Thread-safe.

    The key holds all that decides an answer, and an index version pins what is retrieved: equal keys mean an equal
    answer. Only what every cause is gone of is kept: an answer that a budget, an outage or an unsupported text made
    poorer is made anew.
    """

    def __init__(
        self, cache: PromptCache, loop: EventLoopThread, models_of: Callable[[Mapping[str, Any]], str]
    ) -> None:
        """models_of: which models answer under a tenant's configuration, as a text that changes when they do."""
        self._cache = cache
        self._loop = loop
        self._models_of = models_of

    def key(self, tenant: TenantContext, basis: AnswerBasis, config: Mapping[str, Any]) -> str:
        """SHA-256 over all that decides the answer, in hexadecimal. config: the tenant's."""
        parts = {"answer": RULES, "tenant": str(tenant.tenant_id), "models": self._models_of(config), **asdict(basis)}
        return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def find(self, tenant: TenantContext, key: str) -> tuple[CachedAnswer | None, CacheOutcome]:
        """The answer given before, and whether the cache could be asked."""
        try:
            found = self._loop.run(self._cache.get(tenant, key), WAIT)
        except Unavailable as error:
            logger.warning("the answer cache was not asked: %s", error)
            return None, "unavailable"
        if found.value is None:
            return None, "unavailable" if found.outcome == "unavailable" else "miss"
        try:
            return _SERIALISED.validate_json(found.value), "hit"
        except ValidationError as error:
            # Of another version of the helpdesk, on the same Redis.
            logger.warning("a kept answer cannot be read: %s", error)
            return None, "miss"

    def keep(self, tenant: TenantContext, key: str, made: CachedAnswer) -> None:
        """Keeps it, where it is as good as it can be. It goes when a chunk goes whose text it holds."""
        answer = made.answer
        if answer.reason not in _KEPT:
            return
        sources = {*answer.used, *(passage.chunk_id for passage in answer.passages)}
        value = _SERIALISED.dump_json(made)
        try:
            self._loop.run(self._cache.put(tenant, key, value, sources=sources), WAIT)
        except Unavailable as error:
            logger.warning("an answer was not kept: %s", error)

    def purge(self, tenant: TenantContext, sources: Collection[str]) -> None:
        """Forgets what stands on these chunks."""
        try:
            if self._loop.run(self._cache.purge(tenant, sources), None) is None:
                logger.info(
                    "Redis was not reached to purge answers on %d chunks; they end with their time", len(sources)
                )
        except Unavailable as error:
            logger.warning("answers on chunks that are gone were not purged; they end with their time: %s", error)
