"""One request on its way through the models of its route, until one of them answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from components.core.answers import GenerationTrace, ModelAttempt, Reason
from components.core.chat_model import ChatModel, ChatRequest, Completion
from components.core.errors import (
    BudgetExhausted,
    CircuitOpen,
    HelpdeskError,
    InvalidInput,
    ModelTimedOut,
    ModelUnavailable,
)
from components.core.model_catalogue import ModelDeclaration
from components.core.model_use import ModelUse
from components.core.prompts import RenderedPrompt
from components.core.tenant import TenantContext
from components.gateway.calls import CANCELLED, Calls, OpenCall
from components.gateway.catalogue import EXTRACTIVE
from components.gateway.closing import closing
from components.gateway.policy import ModelPolicy
from components.gateway.result import GatewayResult
from components.gateway.retrying import with_retries
from components.gateway.routing import Route

RESERVE_SECONDS = 1.0


@dataclass(frozen=True)
class Question:
    """A request with all that decides on its way. started, end: seconds of the gateway's clock. explicit: the
    request names its model. use: what it is for."""

    tenant: TenantContext
    policy: ModelPolicy
    request: ChatRequest
    prompt: RenderedPrompt | None
    route: Route
    explicit: bool
    started: float
    end: float
    use: ModelUse
    on_broken: Callable[[GenerationTrace], None] | None = None


class Generation:
    """Asks the models of the route in turn, then quotes. Of use once.

    Time: a second, or a quarter of the deadline where that is shorter, is kept for quoting. A model is not tried
    again past half of what is left while others follow, so that a silent one cannot use up everybody's time.

    Errors: one that comes before the first piece sends the request to the next model. One in the middle goes up to
    the caller, since pieces were passed on; whoever shows them to a customer replaces them by a quoted answer. What
    the caller did wrong (InvalidInput) goes up at once where it named the model, else where there is nothing to
    quote from.
    """

    def __init__(
        self,
        question: Question,
        calls: Calls,
        models: Mapping[str, ChatModel],
        declarations: Mapping[str, ModelDeclaration],
    ) -> None:
        self._question, self._calls, self._models, self._declarations = question, calls, models, declarations
        self._attempts: list[ModelAttempt] = []
        self._error: HelpdeskError | None = None
        self._first_text: float | None = None

    async def stream(self) -> AsyncIterator[str | GatewayResult]:
        """Pieces, then the GatewayResult. Closing it stops what is under way."""
        question = self._question
        reason: Reason | None = "budget" if question.route.budget else None
        for position, name in enumerate(question.route.models):
            try:
                call = await self._open(name, is_last=position == len(question.route.models) - 1)
            except BudgetExhausted as error:
                self._error, reason = error, "budget"
                break
            except InvalidInput as error:
                if question.explicit or not question.request.passages:
                    raise
                self._error, reason = error, "provider_down"
                continue
            except ModelUnavailable as error:
                self._error, reason = error, "provider_down"
                continue
            try:
                async with closing(call.items()) as items:
                    async for item in items:
                        is_first = self._first_text is None
                        yield self._passed_on(item, name, None, call)
                        if is_first:
                            # Those who listen to it hear the first piece before what lies in the socket is read.
                            await asyncio.sleep(0)
            except BaseException as error:
                self._tell_broken(name, call, error)
                raise
            return
        if not question.route.quoting:
            raise self._error or ModelUnavailable("no model could be asked within the deadline")
        async with closing(self._models[EXTRACTIVE].stream(self._left(0.05))) as items:
            async for item in items:
                yield self._passed_on(item, EXTRACTIVE, reason)

    async def _open(self, name: str, *, is_last: bool) -> OpenCall:
        """The call of one model, after as many tries as there is time for. Raises what the last one raised."""
        question, clock = self._question, self._calls.clock
        reserve = min(RESERVE_SECONDS, question.request.deadline / 4) if question.route.quoting else 0.0
        until = question.end - reserve
        if clock() >= until:
            raise ModelTimedOut(f"no time was left to ask {name} within {question.request.deadline:g} s")
        declaration = self._declarations[name]

        async def attempt() -> OpenCall:
            started = clock()
            request = replace(question.request, deadline=max(0.01, min(declaration.deadline, until - started)))
            try:
                call = await self._calls.open(
                    question.tenant, question.policy, self._models[name], declaration, request, question.use
                )
            except HelpdeskError as error:
                self._attempts.append(ModelAttempt(name, error.code, clock() - started))
                raise
            self._attempts.append(ModelAttempt(name, None, clock() - started))
            return call

        half = clock() + (until - clock()) / (1 if is_last else 2)
        return await with_retries(attempt, until=half, clock=clock)

    def _tell_broken(self, model: str, call: OpenCall, error: BaseException) -> None:
        """To whoever stopped it, or has pieces of it and no end: what it cost, after it was settled."""
        tell = self._question.on_broken
        if tell is None:
            return
        code = error.code if isinstance(error, HelpdeskError) else CANCELLED
        self._attempts[-1] = ModelAttempt(model, code, call.seconds)
        completion = Completion("", model, *call.tokens, finish_reason="stop", estimated=True)
        tell(self._trace(model, completion, None, call))

    def _left(self, least: float) -> ChatRequest:
        request = self._question.request
        # Quoting follows no sampling and calls no tool; it is asked in the same words.
        return replace(request, deadline=max(least, self._question.end - self._calls.clock()))

    def _passed_on(
        self, item: str | Completion, model: str, reason: Reason | None, call: OpenCall | None = None
    ) -> str | GatewayResult:
        if isinstance(item, Completion):
            return GatewayResult(replace(item, model=model), self._trace(model, item, reason, call))
        if self._first_text is None:
            self._first_text = self._calls.clock() - self._question.started
        return item

    def _trace(
        self, model: str, completion: Completion, reason: Reason | None, call: OpenCall | None
    ) -> GenerationTrace:
        asked = [attempt.model for attempt in self._attempts if attempt.error != CircuitOpen.code]
        prompt = self._question.prompt
        return GenerationTrace(
            model=model,
            provider=self._declarations[model].provider,
            prompt_id=prompt.prompt_id if prompt else None,
            prompt_version=prompt.version if prompt else None,
            input_tokens=completion.input_tokens,
            output_tokens=completion.output_tokens,
            tokens_estimated=completion.estimated,
            cost=call.cost if call else Decimal(0),
            currency=self._calls.currency,
            retries=len(asked) - len(set(asked)),
            attempts=tuple(self._attempts),
            first_text_seconds=self._first_text,
            reason=reason,
        )
