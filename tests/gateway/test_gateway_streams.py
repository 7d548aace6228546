"""Requests through the whole gateway: who is asked, what it costs, what is kept, and whose it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from gateway_world import NOBODY, PASSAGE, Counted, ask, model, opened, question
from redis_fixtures import running_redis
from sqlalchemy import select

from components.core.errors import BudgetExhausted, ModelNotAllowed
from components.core.generation import AnswerGenerator
from components.core.model_catalogue import ModelDeclaration
from components.core.model_use import ModelUse, for_customer
from components.core.prompts import RenderedPrompt
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import ModelCallRow
from components.gateway.policy import Budget, ModelPolicy
from components.shared_state.connection import SharedState
from components.shared_state.embedded_redis import read_address
from tests.models.chat_test_servers import TEXT, ChatServer, faulty_server

POLICY = ModelPolicy(high_accuracy_model="big", models=("low",))
BIG = Decimal(1000)


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant().context


@pytest.fixture
def servers() -> Iterator[tuple[ChatServer, ChatServer]]:
    """A large remote model and a small local one."""
    with ExitStack() as stack:
        yield stack.enter_context(faulty_server("openai", "none")), stack.enter_context(faulty_server("openai", "none"))


@pytest.fixture(scope="module")
def redis() -> Iterator[Path]:
    with running_redis() as folder:
        yield folder


def patient(folder: Path) -> SharedState:
    return SharedState(lambda: read_address(folder), timeout=5.0)


def both(servers: tuple[ChatServer, ChatServer]) -> list[ModelDeclaration]:
    return [
        model("big", servers[0].url, input_price=BIG, output_price=BIG),
        model("low", servers[1].url, local=True),
    ]


def test_the_first_of_the_route_answers_and_the_ledger_knows(
    servers: tuple[ChatServer, ChatServer], database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play() -> None:
        counted = Counted()
        prompt = RenderedPrompt("answer", 3, question().messages)
        async with opened(database, extractive, both(servers), observer=counted) as gateway:
            use = for_customer("slack", uuid4())
            heard = await ask(gateway, tenant, POLICY, question(), prompt=prompt, use=use)
            trace = heard.result.trace
            assert (heard.text, trace.model, trace.provider, trace.reason) == (TEXT, "big", "openai", None)
            assert (trace.prompt_id, trace.prompt_version, trace.currency) == ("answer", 3, "USD")
            assert trace.cost == Decimal(trace.input_tokens + trace.output_tokens) * BIG / 1_000_000
            assert trace.first_text_seconds is not None
            assert counted.calls == [("big", None, trace.input_tokens, trace.output_tokens, trace.cost)]
        with database.tenant(tenant) as session:
            (row,) = session.scalars(select(ModelCallRow)).all()
            assert (row.model, row.provider, row.cost, row.error) == ("big", "openai", trace.cost, None)
            assert ModelUse(row.purpose, row.channel, row.conversation_id) == use  # type: ignore[arg-type]

    asyncio.run(play())
    assert servers[1].calls == 0


def test_a_named_model_is_asked_and_a_foreign_one_is_not(
    servers: tuple[ChatServer, ChatServer], database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play() -> None:
        async with opened(database, extractive, both(servers)) as gateway:
            assert (await ask(gateway, tenant, POLICY, question(), model="low")).result.trace.model == "low"
            with pytest.raises(ModelNotAllowed):
                await ask(gateway, tenant, ModelPolicy(), question(), model="big")
            quoted = await ask(gateway, tenant, POLICY, question(), model="extractive")
            assert (quoted.result.trace.provider, quoted.result.trace.reason) == ("extractive", None)

    asyncio.run(play())
    assert [server.calls for server in servers] == [0, 1]


def test_a_named_model_that_is_down_is_stood_in_for_by_a_local_one(
    servers: tuple[ChatServer, ChatServer], database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play() -> None:
        models = [model("big", NOBODY), both(servers)[1]]
        async with opened(database, extractive, models) as gateway:
            trace = (await ask(gateway, tenant, POLICY, question(), model="big")).result.trace
            assert (trace.model, trace.reason) == ("low", None)
            assert [(each.model, each.error) for each in trace.attempts] == [
                ("big", "model_unavailable"),
                ("big", "model_unavailable"),
                ("big", "model_unavailable"),
                ("low", None),
            ]

    asyncio.run(play())


def test_past_the_soft_limit_the_cheap_one_answers_and_past_the_hard_one_none(
    servers: tuple[ChatServer, ChatServer], database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    def limited(money: str) -> ModelPolicy:
        return ModelPolicy("big", ("low",), daily=Budget(money=Decimal(money)))

    async def play() -> None:
        async with opened(database, extractive, both(servers)) as gateway:
            first = await ask(gateway, tenant, limited("1"), question())
            assert first.result.trace.model == "big"
            spent = first.result.trace.cost
            soft = await ask(gateway, tenant, limited(str(spent * Decimal("1.1"))), question())
            assert (soft.result.trace.model, soft.result.trace.reason) == ("low", None)
            hard = await ask(gateway, tenant, limited(str(spent)), question())
            assert (hard.result.trace.provider, hard.result.trace.reason) == ("extractive", "budget")
            assert PASSAGE.text in hard.text
            state = await gateway.budget(tenant, limited(str(spent)))
            assert (state.level, state.daily.spent.money) == ("hard", spent + soft.result.trace.cost)
            with pytest.raises(BudgetExhausted):
                await ask(gateway, tenant, limited(str(spent)), question(response_schema={"type": "object"}))

    asyncio.run(play())


def test_a_crowd_does_not_run_past_a_hard_limit(
    servers: tuple[ChatServer, ChatServer], database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    servers[1].between_pieces = 0.05

    async def play() -> None:
        policy = ModelPolicy(models=("low",), daily=Budget(tokens=300))
        async with opened(database, extractive, both(servers)) as gateway:
            heard = await asyncio.gather(*(ask(gateway, tenant, policy, question()) for _ in range(40)))
            reasons = [each.result.trace.reason for each in heard]
            assert reasons.count(None) == servers[1].calls <= 5
            assert reasons.count("budget") == 40 - servers[1].calls

    asyncio.run(play())


def test_an_equal_question_is_answered_from_the_cache_and_costs_nothing(
    servers: tuple[ChatServer, ChatServer],
    database: Database,
    extractive: AnswerGenerator,
    tenant: TenantContext,
    redis: Path,
) -> None:
    async def play() -> None:
        counted = Counted()
        async with opened(
            database, extractive, both(servers), state=patient(redis), cached=True, observer=counted
        ) as gateway:
            first = await ask(gateway, tenant, POLICY, question())
            again = await ask(gateway, tenant, POLICY, question())
            assert (first.result.trace.cache_hit, again.result.trace.cache_hit) == (False, True)
            assert again.result.completion == first.result.completion
            assert again.result.trace.cost == 0
            assert counted.cache == ["miss", "hit"]
            # A kept answer is the one thing that a used-up budget still pays for.
            broke = ModelPolicy("big", ("low",), daily=Budget(tokens=1))
            kept = await ask(gateway, tenant, broke, question())
            assert (kept.result.trace.cache_hit, kept.result.trace.model) == (True, "big")

    asyncio.run(play())
    assert servers[0].calls == 1


@pytest.mark.parametrize(
    "other",
    [
        {"max_tokens": 65},
        {"stop": ("x",)},
        {"seed": 5},
        {"text": "How long does a repair take?"},
        {"temperature": 0.5, "seed": 5},
        {"response_schema": {"type": "object"}},
    ],
)
def test_whatever_determines_the_text_makes_a_miss(
    servers: tuple[ChatServer, ChatServer],
    database: Database,
    extractive: AnswerGenerator,
    tenant: TenantContext,
    redis: Path,
    other: dict[str, object],
) -> None:
    async def play() -> None:
        async with opened(database, extractive, both(servers), state=patient(redis), cached=True) as gateway:
            await ask(gateway, tenant, POLICY, question())
            await ask(gateway, tenant, POLICY, question(**other))  # type: ignore[arg-type]
            await ask(gateway, tenant, POLICY, question(), model="low")
            await ask(gateway, tenant, POLICY, question(), prompt=RenderedPrompt("answer", 2, ()))

    asyncio.run(play())
    assert [server.calls for server in servers] == [3, 1]


def test_another_tenant_never_gets_what_was_kept_for_one(
    servers: tuple[ChatServer, ChatServer],
    database: Database,
    extractive: AnswerGenerator,
    make_tenant: Callable[..., Tenant],
    redis: Path,
) -> None:
    async def play() -> None:
        mine, theirs = make_tenant().context, make_tenant().context
        async with opened(database, extractive, both(servers), state=patient(redis), cached=True) as gateway:
            await ask(gateway, mine, POLICY, question())
            heard = await ask(gateway, theirs, POLICY, question())
            assert not heard.result.trace.cache_hit
            assert (await gateway.budget(mine, POLICY)).daily.spent == (
                await gateway.budget(theirs, POLICY)
            ).daily.spent

    asyncio.run(play())
    assert servers[0].calls == 2


def test_answers_that_are_meant_to_vary_or_stand_for_an_outage_are_not_kept(
    servers: tuple[ChatServer, ChatServer],
    database: Database,
    extractive: AnswerGenerator,
    tenant: TenantContext,
    redis: Path,
) -> None:
    async def play() -> None:
        # A name of its own: its circuit opens for all who share the Redis of these tests.
        models = [model("down", NOBODY), both(servers)[1]]
        async with opened(database, extractive, models, state=patient(redis), cached=True) as gateway:
            for _ in range(2):
                heard = await ask(gateway, tenant, ModelPolicy("down", ("low",)), question())
                assert (heard.result.trace.model, heard.result.trace.cache_hit) == ("low", False)
            for _ in range(2):
                heard = await ask(gateway, tenant, ModelPolicy(models=("low",)), question(temperature=0.7))
                assert not heard.result.trace.cache_hit

    asyncio.run(play())
    assert servers[1].calls == 4


def test_fifty_equal_questions_at_once_make_one_call(
    servers: tuple[ChatServer, ChatServer],
    database: Database,
    extractive: AnswerGenerator,
    tenant: TenantContext,
    redis: Path,
) -> None:
    servers[0].between_pieces = 0.02

    async def play() -> None:
        async with opened(database, extractive, both(servers), state=patient(redis), cached=True) as gateway:
            heard = await asyncio.gather(*(ask(gateway, tenant, POLICY, question()) for _ in range(50)))
            assert {each.text for each in heard} == {TEXT}
            assert [each.result.trace.cache_hit for each in heard].count(False) == 1
            assert (await gateway.budget(tenant, POLICY)).daily.spent.money == sum(
                each.result.trace.cost for each in heard
            )

    asyncio.run(play())
    assert servers[0].calls == 1


def test_with_redis_gone_everything_works_uncached_and_says_so(
    servers: tuple[ChatServer, ChatServer], database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play() -> None:
        counted = Counted()
        nowhere = SharedState(lambda: "redis://127.0.0.1:9/0")
        async with opened(database, extractive, both(servers), state=nowhere, cached=True, observer=counted) as gateway:
            for _ in range(3):
                assert (await ask(gateway, tenant, POLICY, question())).text == TEXT
        assert counted.cache == ["unavailable"] * 3

    asyncio.run(play())
    assert servers[0].calls == 3


def test_the_models_of_a_tenant_are_shown_with_health_and_price(
    servers: tuple[ChatServer, ChatServer], database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play() -> None:
        models = [*both(servers), model("other", servers[0].url), model("gone", NOBODY, local=True)]
        async with opened(database, extractive, models) as gateway:
            shown = await gateway.models(tenant, ModelPolicy("big", ("low", "gone")))
            assert [(each.name, each.healthy, each.high_accuracy) for each in shown] == [
                ("big", True, True),
                ("low", True, False),
                ("gone", False, False),
                ("extractive", True, False),
            ]
            assert shown[2].problem
            assert (shown[0].input_price, shown[0].currency, shown[0].circuit) == (BIG, "USD", "closed")

    asyncio.run(play())


def test_a_model_with_a_capability_is_one_that_the_tenant_may_use(
    database: Database, extractive: AnswerGenerator, servers: tuple[ChatServer, ChatServer]
) -> None:
    async def found(policy: ModelPolicy) -> str | None:
        async with opened(database, extractive, both(servers)) as gateway:
            return gateway.find_model(policy, "tools")

    assert asyncio.run(found(POLICY)) == "big"
    assert asyncio.run(found(ModelPolicy())) == "low"
    assert asyncio.run(found(ModelPolicy(models=()))) is None
