"""GET /llm/models and /llm/budget: what a tenant may ask, whether it would answer, and what may still be spent."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from apps.api.authentication import Authentication
from apps.api.money import Amount
from apps.api.openapi import problem_responses
from apps.api.workers import WorkerPool
from components.core.chat_model import Capability
from components.core.model_catalogue import Provider
from components.core.tenant import TenantContext
from components.gateway.budgets import Allowance, BudgetState
from components.gateway.event_loop import EventLoopThread
from components.gateway.gateway import ModelGateway
from components.gateway.model_status import ModelStatus
from components.gateway.observer import CircuitState
from components.gateway.policy import ModelPolicy
from components.gateway.routing import Level

_FAILURES = problem_responses("invalid_api_key", "internal_error", "database_unavailable", "unavailable")


class LlmPrice(BaseModel):
    """Per million tokens, in `currency`."""

    input: Amount
    output: Amount
    currency: str


class LlmModel(BaseModel):
    """One model that the tenant may use."""

    name: str
    provider: Provider
    local: bool = Field(description="Runs on the operator's own machines.")
    high_accuracy: bool = Field(description="Is asked first.")
    capabilities: list[Capability]
    context_tokens: int
    price: LlmPrice
    healthy: bool = Field(description="It would answer now, as of the last seconds.")
    circuit: CircuitState = Field(description="open: it has failed too often lately, and is not asked.")


class LlmModels(BaseModel):
    """In the order in which they are asked."""

    models: list[LlmModel]


class Money(BaseModel):
    """Money in the budget's currency, and tokens read and written together; null is without limit."""

    money: Amount | None
    tokens: int | None


class Period(BaseModel):
    """One budget. `reserved` is held for generations under way."""

    spent: Money
    reserved: Money
    limit: Money
    level: Level
    resets_at: datetime


class LlmBudget(BaseModel):
    """What is spent of what. level: `soft` = cheaper models go first, `hard` = only quoting is left."""

    currency: str
    level: Level
    soft: float = Field(description="The share of a budget from which the level is `soft`.")
    daily: Period
    monthly: Period


def models_router(
    gateway: ModelGateway,
    loop: EventLoopThread,
    policy_for: Callable[[TenantContext], ModelPolicy],
    authenticate: Authentication,
    pool: WorkerPool,
    *,
    deadline: float,
) -> APIRouter:
    """The two routes; each shows the tenant of the key and no other."""
    router = APIRouter(tags=["models"])

    @router.get("/llm/models", summary="Models with price and health", operation_id="llm_models", responses=_FAILURES)
    async def read_models(tenant: Annotated[TenantContext, Depends(authenticate)]) -> LlmModels:
        found = await pool.run(
            lambda: loop.run(gateway.models(tenant, policy_for(tenant)), deadline), deadline=deadline
        )
        return LlmModels(models=[_model(each) for each in found])

    @router.get("/llm/budget", summary="What is spent of what", operation_id="llm_budget", responses=_FAILURES)
    async def read_budget(tenant: Annotated[TenantContext, Depends(authenticate)]) -> LlmBudget:
        state = await pool.run(
            lambda: loop.run(gateway.budget(tenant, policy_for(tenant)), deadline), deadline=deadline
        )
        return _budget(state)

    return router


def _model(status: ModelStatus) -> LlmModel:
    """Without why it is out of order: that may name addresses of the operator's."""
    price = LlmPrice(input=status.input_price, output=status.output_price, currency=status.currency)
    return LlmModel.model_validate({**asdict(status), "price": price})


def _budget(state: BudgetState) -> LlmBudget:
    return LlmBudget(
        currency=state.currency,
        level=state.level,
        soft=state.soft,
        daily=_period(state.daily),
        monthly=_period(state.monthly),
    )


def _period(allowance: Allowance) -> Period:
    return Period(
        spent=Money(money=allowance.spent.money, tokens=allowance.spent.tokens),
        reserved=Money(money=allowance.reserved.money, tokens=allowance.reserved.tokens),
        limit=Money(money=allowance.money_limit, tokens=allowance.tokens_limit),
        level=allowance.level,
        resets_at=allowance.resets_at,
    )
