"""One prompt through the gateway: bounded in number and time, and what comes back held against what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from time import monotonic

from apps.api.json_schema import parse_fitting
from apps.api.llm_types import FunctionCall, LlmRequest, LlmResponse, LlmTokens
from apps.api.workers import WorkerPool
from components.core.chat_model import Completion
from components.core.errors import ModelMisbehaved, ModelTimedOut, Unavailable
from components.core.model_use import ModelUse
from components.core.tenant import TenantContext
from components.gateway.closing import closing
from components.gateway.event_loop import EventLoopThread
from components.gateway.gateway import ModelGateway
from components.gateway.policy import ModelPolicy
from components.gateway.result import GatewayResult
from components.helpdesk.storable import made_readable

# The gateway keeps the deadline itself; this is for a gateway that does not.
_GRACE = 1.0


class Generations:
    """Runs generations, at most `limit` at once."""

    def __init__(
        self,
        gateway: ModelGateway,
        loop: EventLoopThread,
        policy_for: Callable[[TenantContext], ModelPolicy],
        pool: WorkerPool,
        *,
        limit: int,
        deadline: float,
    ) -> None:
        """pool: for looking up the tenant's policy. deadline: seconds of one generation, look-up included."""
        self._gateway = gateway
        self._loop = loop
        self._policy_for = policy_for
        self._pool = pool
        self._limit = limit
        self._deadline = deadline
        self._running = 0

    async def stream(self, tenant: TenantContext, asked: LlmRequest) -> AsyncGenerator[str | LlmResponse, None]:
        """Pieces of text, then the response. Closing the iterator stops the model.

        Raises Unavailable past the limit, ModelMisbehaved where the whole is not what was asked for, and what
        ModelGateway.stream raises.
        """
        if self._running >= self._limit:
            raise Unavailable(f"{self._running} generations are running: no more are allowed at once")
        self._running += 1
        try:
            async with aclosing(self._items(tenant, asked)) as items:
                async for item in items:
                    yield made_readable(item) if isinstance(item, str) else response_of(asked, item)
        finally:
            self._running -= 1

    async def _items(self, tenant: TenantContext, asked: LlmRequest) -> AsyncGenerator[str | GatewayResult, None]:
        until = monotonic() + self._deadline
        policy = await self._pool.run(lambda: self._policy_for(tenant), deadline=self._deadline)
        request = asked.chat_request(max(until - monotonic(), 0.001))
        upstream = self._loop.aiterate(
            lambda: self._gateway.stream(tenant, policy, request, use=ModelUse("program"), model=asked.model)
        )
        async with closing(upstream):
            while True:
                try:
                    async with asyncio.timeout(until + _GRACE - monotonic()):
                        item = await anext(upstream)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise ModelTimedOut(f"no text within {self._deadline:g} s") from error
                yield item


def response_of(asked: LlmRequest, result: GatewayResult) -> LlmResponse:
    """The response for a finished generation. Raises ModelMisbehaved where a function that was not offered is
    called, or arguments or text do not fit their schema."""
    completion, trace = result.completion, result.trace
    call = _function_call(asked, completion)
    if asked.response_schema is not None and call is None:
        try:
            parse_fitting(completion.text, asked.response_schema)
        except ValueError as error:
            raise ModelMisbehaved(f"{completion.model}: the text does not keep to response_schema: {error}") from error
    return LlmResponse(
        text=made_readable(completion.text),
        functionCall=call,
        tokens=LlmTokens(input=completion.input_tokens, output=completion.output_tokens),
        model=trace.model,
        cost=trace.cost,
        currency=trace.currency,
        cache_hit=trace.cache_hit,
        reason=trace.reason,
    )


def _function_call(asked: LlmRequest, completion: Completion) -> FunctionCall | None:
    """The first one that the model asks for: the design's response has room for one."""
    if not completion.tool_calls:
        return None
    call = completion.tool_calls[0]
    parameters = next((each.parameters for each in asked.functions if each.name == call.name), None)
    if parameters is None:
        raise ModelMisbehaved(f"{completion.model} calls a function that was not offered: {call.name[:100]!r}")
    try:
        arguments = parse_fitting(call.arguments or "{}", parameters)
    except ValueError as error:
        raise ModelMisbehaved(f"{completion.model}: arguments of {call.name}: {error}") from error
    if not isinstance(arguments, dict):
        raise ModelMisbehaved(f"{completion.model}: arguments of {call.name} are no JSON object")
    return FunctionCall(name=call.name, arguments=arguments)
