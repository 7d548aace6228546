"""Has a tenant's language model write about passages, and keeps of it what they carry, sentence by sentence."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from components.core.answers import Passage
from components.core.chat_model import ChatMessage, ChatRequest
from components.core.errors import InvalidInput, Unavailable
from components.core.model_catalogue import ModelDeclaration
from components.core.model_use import ModelUse
from components.core.tenant import TenantContext
from components.gateway.catalogue import EXTRACTIVE
from components.gateway.event_loop import EventLoopThread
from components.gateway.gateway import GatewayResult, ModelGateway
from components.gateway.policy import ModelPolicy
from components.gateway.routing import allowed_models
from components.helpdesk.storable import made_readable
from components.retrieval.grounding.citations import cited_numbers, without_marks
from components.retrieval.grounding.grounder import Grounder
from components.retrieval.grounding.sentence_buffer import SentenceBuffer

logger = logging.getLogger("helpdesk.writing")


@dataclass(frozen=True)
class WrittenText:
    """sentences: each with the ids of the chunks that carry it."""

    model: str
    sentences: tuple[tuple[str, tuple[str, ...]], ...]


class GroundedWriter:
    """Asks the gateway on a tenant's account."""

    def __init__(
        self,
        catalogue: Mapping[str, ModelDeclaration],
        policy_for: Callable[[TenantContext], ModelPolicy],
        gateway: ModelGateway,
        loop: EventLoopThread,
        grounder: Grounder,
    ) -> None:
        """catalogue: the operator's models by name."""
        self._catalogue, self._policy_for = catalogue, policy_for
        self._gateway, self._loop, self._grounder = gateway, loop, grounder

    def has_model(self, tenant: TenantContext) -> bool:
        """Whether the tenant may use any language model. Raises DatabaseUnavailable."""
        return bool(allowed_models(self._catalogue, self._policy_for(tenant)))

    def write(
        self,
        tenant: TenantContext,
        system: str,
        user: str,
        passages: tuple[Passage, ...],
        *,
        use: ModelUse,
        max_tokens: int,
        deadline: float,
    ) -> WrittenText | None:
        """system, user: the prompt, which has the passages numbered from 1 and wants [n] after each sentence. use:
        what for. None where the tenant has no language model, or it does not answer in time, or says nothing that the
        passages carry. Raises DatabaseUnavailable."""
        policy = self._policy_for(tenant)
        if not allowed_models(self._catalogue, policy):
            return None
        messages = (ChatMessage("system", system), ChatMessage("user", user))
        asked = ChatRequest(messages=messages, max_tokens=max_tokens, deadline=deadline)
        try:
            result = self._last(lambda: self._gateway.stream(tenant, policy, asked, use=use))
            if result is None or result.trace.provider == EXTRACTIVE:
                return None
            sentences = self._checked(result.completion.text, passages)
        except (Unavailable, InvalidInput) as error:
            logger.warning("nothing was written by a language model: %s", error)
            return None
        return WrittenText(result.trace.model, sentences) if sentences else None

    def _last(self, make: Callable[[], AsyncIterator[str | GatewayResult]]) -> GatewayResult | None:
        found = None
        for item in self._loop.iterate(make):
            if isinstance(item, GatewayResult):
                found = item
        return found

    def _checked(self, text: str, passages: tuple[Passage, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        grounding = self._grounder.begin("", passages)
        buffer = SentenceBuffer()
        kept: list[tuple[str, tuple[str, ...]]] = []
        for sentence in (*buffer.add(made_readable(text)), *buffer.rest()):
            checked = grounding.check(sentence)
            if checked.kind != "claim" or not checked.supported:
                continue
            by_number = {each.number: each.chunk_id for each in grounding.citations}
            chunks = {by_number[number] for number in cited_numbers(checked.text) if number in by_number}
            kept.append((without_marks(checked.text).strip(), tuple(sorted(chunks))))
        return tuple(kept)
