"""A language model's answers behind the generators' door: checked sentence by sentence, else quoted instead."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import cast

from components.core.answers import GeneratedText, GenerationRequest, GenerationTrace, Passage, Reason
from components.core.chat_model import ChatRequest
from components.core.errors import BudgetExhausted, InvalidInput, ModelUnavailable, PromptTooLong, Unavailable
from components.core.generation import AnswerGenerator
from components.core.tenant import TenantContext
from components.gateway.event_loop import EventLoopThread
from components.gateway.gateway import ModelGateway
from components.gateway.policy import ModelPolicy
from components.gateway.result import GatewayResult
from components.retrieval.grounding.draft import Draft
from components.retrieval.grounding.grounder import Grounder
from components.retrieval.grounding.sentence_buffer import SentenceBuffer
from components.retrieval.grounding.translated import TranslatedGrounding
from components.retrieval.grounding.trusted_text import trusted_passage

EXTRACTIVE = "extractive"
# Seconds kept back for quoting: it takes up to half of one on two busy cores, and the gateway may end a quarter late.
RESERVE = 1.0


@dataclass
class _Course:
    """What has come of one request so far. heard: the model's words as they came."""

    draft: Draft
    started: float
    heard: str = ""
    result: GatewayResult | None = None
    first_text: float | None = None
    broken: GenerationTrace | None = None

    def note_broken(self, trace: GenerationTrace) -> None:
        """On the gateway's loop, before the closing of its stream returns."""
        self.broken = trace


class GroundedGenerator:
    """Keeps core's AnswerGenerator for one tenant, over the gateway.

    A sentence is passed on once the passages are found to carry it; one that they do not carry never is. Where too
    much is unsupported, the model fails, or it says that it does not know, the answer is quoted instead: the
    passages were found to answer the question, so a quote serves the customer better than a refusal. Passages are
    evidence, and are quoted, only as far as they do not address the model (trusted_text). An answer in another
    language than theirs is checked by what a translation leaves as it is (TranslatedGrounding).
    """

    def __init__(
        self,
        tenant: TenantContext,
        policy: Callable[[], ModelPolicy],
        gateway: ModelGateway,
        loop: EventLoopThread,
        extractive: AnswerGenerator,
        grounder: Grounder,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """policy: asked at every answer, as it may change. clock: seconds that only go forward."""
        self._tenant, self._policy, self._gateway, self._loop = tenant, policy, gateway, loop
        self._extractive, self._grounder, self._clock = extractive, grounder, clock

    @property
    def name(self) -> str:
        return "gateway"

    def stream(self, request: GenerationRequest) -> Iterator[str | GeneratedText]:
        """Checked sentences, then the GeneratedText that replaces them. Raises InvalidInput for a request without a
        prompt, ModelUnavailable where not even quoting is done within the deadline. Closing it stops the model."""
        if request.prompt is None:
            raise InvalidInput("prompt=None: a language model needs a rendered prompt", field="prompt")
        passages = tuple(trusted_passage(passage) for passage in request.passages)
        evidence = (
            TranslatedGrounding(passages) if request.translated else self._grounder.begin(request.question, passages)
        )
        course = _Course(Draft(evidence), self._clock())
        with closing(self._ask(request, passages, course)) as upstream:
            reason = yield from self._checked(upstream, course, request)
            if reason is None and course.result is not None and course.result.trace.provider != EXTRACTIVE:
                yield self._grounded(course, course.result)
                return
            quoted: GeneratedText | None = None
            for item in self._extractive.stream(self._quoting(request, passages, course)):
                if isinstance(item, GeneratedText):
                    quoted = item
                elif not course.draft.text:
                    course.first_text = course.first_text or self._clock() - course.started
                    yield item
            if quoted is None:
                raise ModelUnavailable(f"{self._extractive.name} ended without an answer")
            if course.result is None and reason == "unsupported" and quoted.text.startswith(course.heard):
                # The gateway was quoting already; why, only the end of its stream tells.
                self._drain(upstream, course)
        yield replace(quoted, trace=self._fallback_trace(course, request, reason))

    def _ask(
        self, request: GenerationRequest, passages: tuple[Passage, ...], course: _Course
    ) -> Generator[str | GatewayResult, None, None]:
        assert request.prompt is not None
        asked = ChatRequest(
            messages=request.prompt.messages,
            max_tokens=request.max_tokens,
            deadline=request.deadline - min(RESERVE, request.deadline / 3),
            question=request.question,
            passages=passages,
            fresh=request.fresh,
        )
        policy, prompt = self._policy(), request.prompt
        upstream = self._loop.iterate(
            lambda: self._gateway.stream(
                self._tenant, policy, asked, use=request.use, prompt=prompt, on_broken=course.note_broken
            )
        )
        return cast("Generator[str | GatewayResult, None, None]", upstream)

    def _checked(
        self, upstream: Iterator[str | GatewayResult], course: _Course, request: GenerationRequest
    ) -> Generator[str, None, Reason | None]:
        """Hands out what is supported; returns why that is no answer, None where it is one."""
        draft, buffer = course.draft, SentenceBuffer()
        until = course.started + request.deadline - min(RESERVE, request.deadline / 3)
        try:
            for item in upstream:
                if isinstance(item, GatewayResult):
                    course.result = item
                    continue
                course.heard += item
                for sentence in buffer.add(item):
                    if self._clock() > until:
                        return "provider_down"
                    if shown := draft.add(sentence):
                        course.first_text = course.first_text or self._clock() - course.started
                        yield shown
                    if draft.is_broken:
                        return "unsupported"
            for sentence in self._last(buffer, course):
                if shown := draft.add(sentence):
                    course.first_text = course.first_text or self._clock() - course.started
                    yield shown
        except BudgetExhausted:
            return "budget"
        except (Unavailable, PromptTooLong):
            return "provider_down"
        if course.result is not None and course.result.trace.provider == EXTRACTIVE:
            return course.result.trace.reason
        verdict = draft.verdict()
        if verdict is None and (closing_words := draft.finish()):
            yield closing_words
        return verdict

    def _last(self, buffer: SentenceBuffer, course: _Course) -> list[str]:
        """What has come after the last whole sentence; half a sentence is none."""
        rest = buffer.rest()
        if course.result is not None and course.result.completion.finish_reason == "length" and rest:
            return rest if rest[-1].rstrip().endswith((".", "!", "?", "]", "。")) else rest[:-1]
        return rest

    def _drain(self, upstream: Iterator[str | GatewayResult], course: _Course) -> None:
        try:
            for item in upstream:
                if isinstance(item, GatewayResult):
                    course.result = item
        except Unavailable:
            return

    def _quoting(self, request: GenerationRequest, passages: tuple[Passage, ...], course: _Course) -> GenerationRequest:
        left = course.started + request.deadline - self._clock()
        readable = tuple(passage for passage in passages if passage.text.strip())
        return replace(request, passages=readable, deadline=max(left, 0.05))

    def _grounded(self, course: _Course, result: GatewayResult) -> GeneratedText:
        draft = course.draft
        trace = replace(
            result.trace,
            first_text_seconds=course.first_text,
            sentences=draft.sentences,
            citations_removed=draft.citations_removed,
        )
        return GeneratedText(draft.text, draft.citations, result.trace.model, trace)

    def _fallback_trace(self, course: _Course, request: GenerationRequest, reason: Reason | None) -> GenerationTrace:
        """Of a quoted answer: what the model cost stays in it. Its sentences are shown nowhere and have no place in the
        text, so they keep their support only."""
        prompt = request.prompt
        quoted = course.result is not None and course.result.trace.provider == EXTRACTIVE
        known = course.result.trace if course.result is not None else course.broken
        return replace(
            known or GenerationTrace(EXTRACTIVE, EXTRACTIVE),
            model=self._extractive.name,
            provider=EXTRACTIVE,
            prompt_id=prompt.prompt_id if prompt else None,
            prompt_version=prompt.version if prompt else None,
            first_text_seconds=course.first_text,
            sentences=() if quoted else tuple(replace(each, start=0, end=0) for each in course.draft.sentences),
            citations_removed=0 if quoted else course.draft.citations_removed,
            reason=known.reason if known is not None and quoted else reason,
        )
