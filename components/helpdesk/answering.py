"""A tenant's question to its stored, cited answer: the one way that every channel takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from time import monotonic
from uuid import UUID, uuid4

from components.core.answers import Answer
from components.core.embeddings import Embedder
from components.core.generation import AnswerGenerator
from components.core.languages import language_name
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.answer_cache import AnswerBasis, AnswerCache, CachedAnswer
from components.helpdesk.answer_log import AnswerLog, store_answer
from components.helpdesk.answer_terms import AnswerTerms, read_terms
from components.helpdesk.answered_question import AnsweredQuestion, CacheOutcome
from components.helpdesk.inside_channels import use_of
from components.helpdesk.searching import checked_question, checked_top_k
from components.helpdesk.served_pipelines import ServedPipeline, ServedPipelines
from components.helpdesk.storable import made_readable
from components.helpdesk.tenant_config import read_config

# Kept back from the generator, so that an answer of the last moment is still stored and told.
STORING_SECONDS = 0.1


@dataclass(frozen=True)
class _Asked:
    """One question, checked."""

    question: str
    top_k: int
    channel: str
    refusal: str | None
    language: str | None
    trace_id: str


class Answering:
    """Answers questions from the promoted index of each tenant. Thread-safe."""

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        generator_for: Callable[[TenantContext], AnswerGenerator],
        settings: Settings,
        *,
        cache: AnswerCache | None = None,
    ) -> None:
        """generator_for: the tenant's, which follows its configuration by itself. cache: none = every question is
        answered anew."""
        self._database = database
        self._log = AnswerLog(database)
        self._embedder = embedder
        self._cache = cache
        self._settings = settings
        self._serving = ServedPipelines(embedder, generator_for, settings)

    def answer(
        self,
        tenant: TenantContext,
        question: str,
        *,
        top_k: int = 10,
        channel: str = "api",
        conversation_id: UUID | None = None,
        refusal: str | None = None,
        language: str | None = None,
        on_text: Callable[[str], None] | None = None,
        deadline: float | None = None,
        trace_id: str | None = None,
        fresh: bool = False,
    ) -> AnsweredQuestion:
        """The answer, stored. on_text receives its text in pieces as it is made: they are provisional, and the
        answer's own text replaces them.

        conversation_id: of the customer's conversation that it is for; what models cost is counted there. refusal:
        the words for not knowing. language: ISO 639-1, that a language model answers in; the question's own
        by default. A quoted answer is in the language of what it quotes. deadline: seconds, the setting's by default.
        trace_id: 32 hexadecimal digits, new ones by default. fresh: neither looked up among earlier answers nor kept
        for later ones. Raises InvalidInput for a blank, too long or unstorable question, an unknown language or a
        top_k outside 1..50, IndexUnavailable where nothing was promoted yet (then nothing is stored: there is no
        answer), ModelMismatch where another embedder rebuilt the index, DatabaseUnavailable, ModelUnavailable,
        InvalidPrompt.
        """
        until = monotonic() + (self._settings.request_deadline if deadline is None else deadline)
        question, top_k = checked_question(question), checked_top_k(top_k)
        if language is not None:
            language_name(language)
        serving = self._serving.get(tenant)
        asked = _Asked(question, top_k, channel, refusal, language, trace_id or uuid4().hex)
        cache = None if fresh else self._cache
        known, terms, key, outcome = self._look_up(tenant, asked, serving, cache)
        if known is not None:
            if on_text is not None:
                on_text(known.answer.text)
            return known
        answer = serving.pipeline.answer(
            question,
            top_k=top_k,
            threshold=terms.threshold,
            deadline=until - monotonic() - STORING_SECONDS,
            refusal=refusal,
            prompt_template=terms.prompt,
            language=language,
            translated=_is_translated(asked, terms),
            fresh=fresh,
            use=use_of(channel, conversation_id),
            on_text=on_text,
        )
        # The prompt's passages and the customer's words can be kept; what a model writes need not be.
        answer = replace(answer, text=made_readable(answer.text))
        answered = _answered(asked, serving, terms, answer, outcome)
        self._log.store(tenant, answered, channel)
        if cache is not None:
            cache.keep(tenant, key, CachedAnswer(answered.answer_id, answer))
        return answered

    def _look_up(
        self, tenant: TenantContext, asked: _Asked, serving: ServedPipeline, cache: AnswerCache | None
    ) -> tuple[AnsweredQuestion | None, AnswerTerms, str, CacheOutcome]:
        """A kept answer, stored as this question's own, in the transaction that has read what it depends on: a
        second one would cost a third of the time that a kept answer takes."""
        started = monotonic()
        with self._database.tenant(tenant) as session:
            # Read each time: other questions may have taught another threshold for the same index.
            terms = read_terms(session, tenant, serving.index_version, serving.pipeline.name)
            if cache is None:
                return None, terms, "", "off"
            # Now, not afterwards: what changes meanwhile must not get an answer from before.
            key = cache.key(tenant, self._basis(asked, serving, terms), terms.config)
            found, outcome = cache.find(tenant, key)
            if found is None:
                return None, terms, key, outcome
            repeated = _repeated(found.answer, monotonic() - started)
            answered = _answered(asked, serving, terms, repeated, outcome, cached_from=found.answer_id)
            store_answer(session, tenant, answered, asked.channel)
        return answered, terms, key, outcome

    def _basis(self, asked: _Asked, serving: ServedPipeline, terms: AnswerTerms) -> AnswerBasis:
        return AnswerBasis(
            question=asked.question,
            top_k=asked.top_k,
            index=(serving.index_version, *serving.signature),
            embedder=self._embedder.identity.fingerprint,
            pipeline=(serving.pipeline.name, serving.pipeline.version),
            prompt=terms.prompt,
            threshold=terms.threshold,
            refusal=asked.refusal,
            language=asked.language,
            translated=_is_translated(asked, terms),
        )


def _is_translated(asked: _Asked, terms: AnswerTerms) -> bool:
    """Whether the answer is to be in another language than the tenant's knowledge."""
    return asked.language is not None and asked.language != read_config(dict(terms.config)).language


def _answered(
    asked: _Asked,
    serving: ServedPipeline,
    terms: AnswerTerms,
    answer: Answer,
    cache: CacheOutcome,
    cached_from: UUID | None = None,
) -> AnsweredQuestion:
    return AnsweredQuestion(
        answer_id=uuid4(),
        question=asked.question,
        answer=answer,
        pipeline=serving.pipeline.name,
        index_version=serving.index_version,
        trace_id=asked.trace_id,
        top_k=asked.top_k,
        pipeline_version=serving.pipeline.version,
        prompt_id=terms.prompt.prompt_id,
        prompt_version=terms.prompt.version,
        cache=cache,
        cached_from=cached_from,
    )


def _repeated(answer: Answer, seconds: float) -> Answer:
    """A kept answer as this question's own: nobody was asked for it, and it cost nothing."""
    trace = answer.trace and replace(
        answer.trace,
        cache_hit=True,
        cost=Decimal(0),
        retries=0,
        attempts=(),
        first_text_seconds=None,
    )
    return replace(answer, trace=trace, seconds={"answer_cache": seconds, "total": seconds})
