"""Single calls of language models: each admitted by circuit and budget before, and accounted for once after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from components.core.chat_model import ChatModel, ChatRequest, Completion
from components.core.errors import BudgetExhausted, CircuitOpen, HelpdeskError, ModelMisbehaved, ModelTimedOut
from components.core.model_catalogue import ModelDeclaration
from components.core.model_use import ModelUse
from components.core.tenant import TenantContext
from components.gateway.budgets import Budgets, Reservation
from components.gateway.circuit_breaker import CircuitBreaker, Permit
from components.gateway.observer import GatewayObserver
from components.gateway.policy import ModelPolicy
from components.gateway.pricing import cost, expected, prompt_tokens, text_tokens
from components.gateway.spending import ModelCall

SLACK = 0.1
CANCELLED = "cancelled"


class Calls:
    """Makes calls for the gateway. now: the time of day, aware. clock: seconds that only go forward."""

    def __init__(
        self,
        breaker: CircuitBreaker,
        budgets: Budgets,
        observer: GatewayObserver,
        currency: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.breaker, self.budgets, self.observer, self.currency = breaker, budgets, observer, currency
        self.now, self.clock = now, clock

    async def open(
        self,
        tenant: TenantContext,
        policy: ModelPolicy,
        model: ChatModel,
        declaration: ModelDeclaration,
        request: ChatRequest,
        use: ModelUse,
    ) -> OpenCall:
        """A call whose first piece is there. request.deadline: seconds until its last. use: what it is accounted to.

        Raises CircuitOpen and BudgetExhausted before anything was sent; else what the model raises.
        """
        permit = await self.breaker.admit(declaration.name, request.deadline + 5)
        if permit is None:
            raise CircuitOpen(f"{declaration.name} failed too often lately; it is asked again within a minute")
        reservation = self.budgets.reserve(tenant, policy, expected(declaration, request))
        if reservation is None:
            await self.breaker.released(permit)
            raise BudgetExhausted("the tenant's budget is used up")
        call = OpenCall(self, tenant, model, declaration, request, use, permit, reservation)
        await call.start()
        return call


class OpenCall:
    """One stream of one model. Closed at its end, whichever way it ends: then it is paid, and the circuit knows.

    What is paid: the tokens that the server counted; an estimate of what was read and written where the stream broke,
    or where the caller left, before the count came. A call that failed without a piece is free.
    """

    def __init__(
        self,
        calls: Calls,
        tenant: TenantContext,
        model: ChatModel,
        declaration: ModelDeclaration,
        request: ChatRequest,
        use: ModelUse,
        permit: Permit,
        reservation: Reservation,
    ) -> None:
        self._calls, self._tenant, self._declaration, self._request = calls, tenant, declaration, request
        self._use, self._permit, self._reservation = use, permit, reservation
        self._stream = model.stream(request)
        self._started = calls.clock()
        self._pieces: list[str] = []
        self._first: str | Completion | None = None
        self._over = False
        self.cost = Decimal(0)
        self.tokens = (0, 0)

    @property
    def seconds(self) -> float:
        return self._calls.clock() - self._started

    async def start(self) -> None:
        """Waits for the first piece. Raises what the model raises; ModelTimedOut where it is silent past the
        deadline and does not say so itself."""
        try:
            async with asyncio.timeout(self._request.deadline + SLACK):
                self._first = await anext(self._stream)
        except StopAsyncIteration:
            error = ModelMisbehaved(f"{self._declaration.name} ended its stream without an end")
            await self._fail(error)
            raise error from None
        except TimeoutError:
            timed_out = ModelTimedOut(f"{self._declaration.name} was silent for {self._request.deadline:.1f} s")
            await self._fail(timed_out)
            raise timed_out from None
        except HelpdeskError as error:
            await self._fail(error)
            raise
        except BaseException:
            await self._leave()
            raise

    async def items(self) -> AsyncIterator[str | Completion]:
        """The pieces, then the Completion. Closing it stops the model's server."""
        try:
            if self._first is not None:
                item = self._first
                while True:
                    if isinstance(item, Completion):
                        await self._succeed(item)
                        yield item
                        return
                    self._pieces.append(item)
                    yield item
                    item = await anext(self._stream)
        except StopAsyncIteration:
            error = ModelMisbehaved(f"{self._declaration.name} ended its stream without an end")
            await self._fail(error)
            raise error from None
        except HelpdeskError as error:
            await self._fail(error)
            raise
        except BaseException:
            await self._leave()
            raise

    async def _succeed(self, completion: Completion) -> None:
        self._settle(None, completion.input_tokens, completion.output_tokens, completion.estimated)
        await self._close()
        await self._calls.breaker.succeeded(self._permit)

    async def _fail(self, error: HelpdeskError) -> None:
        if self._over:
            return
        written = text_tokens("".join(self._pieces))
        self._settle(error.code, prompt_tokens(self._request.messages) if written else 0, written, True)
        await self._close()
        await self._calls.breaker.failed(self._permit, error)

    async def _leave(self) -> None:
        if self._over:
            return
        written = text_tokens("".join(self._pieces))
        self._settle(CANCELLED, prompt_tokens(self._request.messages), written, True)
        try:
            await self._close()
        finally:
            await self._calls.breaker.released(self._permit)

    async def _close(self) -> None:
        close = getattr(self._stream, "aclose", None)
        if close is not None:
            await close()

    def _settle(self, error: str | None, input_tokens: int, output_tokens: int, estimated: bool) -> None:
        self._over = True
        calls, own = self._calls, self._declaration
        self.cost, self.tokens = cost(own, input_tokens, output_tokens), (input_tokens, output_tokens)
        call = ModelCall(
            call_id=uuid4(),
            model=own.name,
            provider=own.provider,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            estimated=estimated,
            cost=self.cost,
            currency=calls.currency,
            error=error,
            seconds=self.seconds,
            at=calls.now(),
            use=self._use,
        )
        calls.budgets.settle(self._reservation, call if call.spent.tokens else None)
        calls.observer.called(
            self._tenant, own.name, own.provider, error, self.seconds, input_tokens, output_tokens, self.cost
        )
