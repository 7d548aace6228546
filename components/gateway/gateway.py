"""The door to language models: who may ask which, who pays, what is known already, and who is asked next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial

from components.core.answers import GenerationTrace
from components.core.chat_model import Capability, ChatModel, ChatRequest
from components.core.errors import ModelTimedOut
from components.core.model_use import ModelUse
from components.core.prompts import RenderedPrompt
from components.core.tenant import TenantContext
from components.gateway.budgets import Budgets, BudgetState
from components.gateway.cached_streams import CachedStreams
from components.gateway.calls import Calls
from components.gateway.catalogue import EXTRACTIVE, Catalogue
from components.gateway.circuit_breaker import CircuitBreaker
from components.gateway.closing import closing
from components.gateway.generation import Generation, Question
from components.gateway.model_status import HealthChecks, ModelStatus
from components.gateway.observer import GatewayObserver
from components.gateway.policy import ModelPolicy
from components.gateway.prompt_cache import cache_key
from components.gateway.result import GatewayResult, decode, encode, repeatable, worth_keeping
from components.gateway.routing import Candidate, Level, Route, allowed_models, plan_route

__all__ = ["GatewayResult", "ModelGateway"]

GRACE = 0.25


class ModelGateway:
    """For many tenants and streams at once, on one event loop: the one of components.gateway.event_loop.

    Safe for up to some hundreds of streams; who calls it bounds how many. Nothing of one tenant's budget, cache or
    streams is reached with another's TenantContext; circuits are all tenants', for a server is down for everybody.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        models: Mapping[str, ChatModel],
        budgets: Budgets,
        breaker: CircuitBreaker,
        observer: GatewayObserver,
        *,
        cache: CachedStreams | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """models: one for each name of the catalogue. cache: none = nothing is kept."""
        self._catalogue, self._models, self._budgets, self._breaker = catalogue, models, budgets, breaker
        self._observer, self._cache, self._clock = observer, cache, clock
        self._calls = Calls(breaker, budgets, observer, catalogue.currency, clock=clock)
        self._candidates = {
            name: Candidate(declaration, models[name].capabilities) for name, declaration in catalogue.models.items()
        }
        self._health = HealthChecks(clock=clock)

    async def stream(
        self,
        tenant: TenantContext,
        policy: ModelPolicy,
        request: ChatRequest,
        *,
        use: ModelUse,
        model: str | None = None,
        prompt: RenderedPrompt | None = None,
        on_broken: Callable[[GenerationTrace], None] | None = None,
    ) -> AsyncIterator[str | GatewayResult]:
        """Pieces of text as they come, then one GatewayResult whose completion.text is what they make. Closing it
        stops the model's server, unless others listen to the same answer.

        use: what its cost is accounted to; where several ask the same at once, the first one's. model: the one that the
        caller wants, where the tenant may use it. prompt: what the messages were rendered from, for lineage and the
        cache. on_broken: hears what a model cost whose stream was closed or broke before its
        GatewayResult; not where others go on listening. Never later than request.deadline and GRACE.

        Raises before the first piece: ModelNotAllowed, InvalidInput (PromptTooLong), BudgetExhausted, and
        ModelUnavailable where tools or a schema are asked, which quoting cannot give; between pieces, ModelTimedOut
        or ModelMisbehaved: then what was passed on is no answer.
        """
        started = self._clock()
        route = await self._route(tenant, policy, request, model)
        question = Question(
            tenant=tenant,
            policy=policy,
            request=request,
            prompt=prompt,
            route=route,
            explicit=model is not None,
            started=started,
            end=started + request.deadline,
            use=use,
            on_broken=on_broken,
        )
        ends = asyncio.get_running_loop().time() + request.deadline - (self._clock() - started) + GRACE
        async with closing(self._items(question, model)) as items:
            while True:
                try:
                    async with asyncio.timeout_at(ends):
                        item = await anext(items)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise ModelTimedOut(f"no answer within the deadline of {request.deadline:g} s") from None
                yield item

    async def warm(self) -> None:
        """Loads clients and opens connections before the first question waits for them. Takes at most 5 s, and a
        model that does not answer now stops nothing."""
        await asyncio.gather(*(self._health.problem(model) for model in self._models.values()))

    async def models(self, tenant: TenantContext, policy: ModelPolicy) -> list[ModelStatus]:
        """What the tenant may use, in the order in which it is asked, quoting last. Takes at most 5 s."""
        await self._breaker.refresh()
        names = (*allowed_models(self._catalogue.models, policy), EXTRACTIVE)
        problems = await asyncio.gather(*(self._health.problem(self._models[name]) for name in names))
        return [self._status(name, policy, problem) for name, problem in zip(names, problems, strict=True)]

    async def budget(self, tenant: TenantContext, policy: ModelPolicy) -> BudgetState:
        """What the tenant has spent and may still spend."""
        return await self._budgets.state(tenant, policy)

    def find_model(self, policy: ModelPolicy, capability: Capability) -> str | None:
        """The first model that the tenant may use and that can do this; None where none can."""
        allowed = allowed_models(self._catalogue.models, policy)
        return next((name for name in allowed if capability in self._candidates[name].capabilities), None)

    async def close(self) -> None:
        """Ends streams under way, records what they cost, and closes the models."""
        if self._cache is not None:
            await self._cache.close()
        await asyncio.gather(*(model.close() for model in self._models.values()))
        await self._budgets.close()

    async def _route(
        self, tenant: TenantContext, policy: ModelPolicy, request: ChatRequest, model: str | None
    ) -> Route:
        level: Level = (await self._budgets.state(tenant, policy)).level if policy.limited else "ok"
        return plan_route(self._candidates, policy, request, named=model, level=level)

    def _items(self, question: Question, model: str | None) -> AsyncIterator[str | GatewayResult]:
        generation = Generation(question, self._calls, self._models, self._catalogue.models)
        asked = self._asked(question, model)
        if self._cache is None or asked is None or not repeatable(question.request):
            return generation.stream()
        declaration = self._catalogue.models[asked]
        return self._cache.stream(
            question.tenant,
            cache_key(question.tenant, declaration, question.request, question.prompt),
            generation.stream,
            encode=encode,
            decode=decode,
            cacheable=partial(worth_keeping, asked=declaration),
            text=lambda result: result.completion.text,
            sources=[passage.chunk_id for passage in question.request.passages],
            deadline=question.request.deadline,
            observe=partial(self._observer.cached, question.tenant),
        )

    def _asked(self, question: Question, model: str | None) -> str | None:
        """Whose answer may be kept already: the first of the route, and where the budget leaves none, the first that
        it would be, for a kept answer costs nothing."""
        route = question.route
        if route.budget:
            route = plan_route(self._candidates, question.policy, question.request, named=model)
        return route.models[0] if route.models else None

    def _status(self, name: str, policy: ModelPolicy, problem: str | None) -> ModelStatus:
        declaration = self._catalogue.models[name]
        return ModelStatus(
            name=name,
            provider=declaration.provider,
            local=declaration.local,
            high_accuracy=name == policy.high_accuracy_model,
            input_price=declaration.input_price,
            output_price=declaration.output_price,
            currency=self._catalogue.currency,
            context_tokens=declaration.context_tokens,
            capabilities=tuple(sorted(self._candidates[name].capabilities)),
            healthy=problem is None,
            problem=problem,
            circuit=self._breaker.state(name),
        )
