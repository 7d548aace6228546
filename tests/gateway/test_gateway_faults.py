"""Whatever a model's server does, a customer gets a right answer or a typed error, in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import pytest
from gateway_world import NOBODY, PASSAGE, Counted, ask, model, opened, question

from components.core.chat_model import ToolDefinition
from components.core.errors import InvalidInput, ModelMisbehaved, ModelUnavailable
from components.core.generation import AnswerGenerator
from components.core.model_catalogue import Provider
from components.core.model_use import UNTOLD
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.gateway.gateway import GatewayResult, ModelGateway
from components.gateway.policy import ModelPolicy
from tests.models.chat_test_servers import TEXT, Fault, Protocol, faulty_server

POLICY = ModelPolicy(models=("sick", "well"))
ALONE = ModelPolicy(models=("sick",))
BEFORE: tuple[tuple[Fault, str], ...] = (
    ("silence", "model_timed_out"),
    ("overloaded", "model_overloaded"),
    ("busy_until", "model_overloaded"),
    ("error", "model_unavailable"),
    ("html", "model_unavailable"),
    ("unauthorized", "model_unavailable"),
    ("redirect", "model_unavailable"),
)
MIDDLE: tuple[Fault, ...] = ("cut", "reset", "invalid_json", "crossed", "error_event")
TOOL = ToolDefinition("refund", "Pays back.", {"type": "object", "properties": {}})


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant().context


@pytest.mark.parametrize(
    ("protocol", "fault", "code"),
    [("openai", *each) for each in BEFORE] + [("tgi", *each) for each in BEFORE if each[0] != "silence"],
)
def test_a_fault_before_the_first_piece_is_answered_by_the_next_model(
    protocol: Protocol, fault: Fault, code: str, database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(sick: str, well: str) -> None:
        models = [model("sick", sick, provider=protocol, first_text=0.4), model("well", well)]
        async with opened(database, extractive, models) as gateway:
            heard = await ask(gateway, tenant, POLICY, question())
            trace = heard.result.trace
            assert heard.text == TEXT
            assert (trace.model, trace.reason, trace.provider) == ("well", None, "openai")
            assert [attempt.error for attempt in trace.attempts][-1:] == [None]
            assert trace.attempts[0].error == code
            assert heard.seconds < 6.5

    with faulty_server(protocol, fault) as sick, faulty_server("openai", "none") as well:
        asyncio.run(play(sick.url, well.url))


@pytest.mark.parametrize("protocol", ["openai", "tgi"])
@pytest.mark.parametrize("fault", ["refused", "silence", "overloaded", "error"])
def test_with_no_other_model_the_answer_is_quoted_and_says_why(
    protocol: Provider, fault: str, database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url, provider=protocol, first_text=0.4)]) as gateway:
            heard = await ask(gateway, tenant, ALONE, question(deadline=4.0))
            assert PASSAGE.text in heard.text
            assert heard.result.trace.reason == "provider_down"
            assert heard.result.trace.provider == "extractive"
            assert heard.result.trace.cost == 0
            assert heard.seconds < 4.5

    if fault == "refused":
        asyncio.run(play(NOBODY))
    else:
        with faulty_server(protocol, fault) as sick:  # type: ignore[arg-type]
            asyncio.run(play(sick.url))


def test_a_silent_server_leaves_time_to_quote(
    database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url, first_text=10.0)]) as gateway:
            heard = await ask(gateway, tenant, ALONE, question(deadline=2.0))
            assert heard.result.trace.reason == "provider_down"
            assert heard.seconds < 2.5

    with faulty_server("openai", "silence") as sick:
        asyncio.run(play(sick.url))


@pytest.mark.parametrize("protocol", ["openai", "tgi"])
@pytest.mark.parametrize("fault", MIDDLE)
def test_a_fault_in_the_middle_is_a_typed_error_and_what_was_written_is_paid(
    protocol: Protocol, fault: Fault, database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        counted = Counted()
        models = [model("sick", url, provider=protocol)]
        async with opened(database, extractive, models, observer=counted) as gateway:
            with pytest.raises(ModelUnavailable) as raised:
                await ask(gateway, tenant, ALONE, question())
            ((_, error, read, written, cost),) = counted.calls
            assert error == raised.value.code
            assert read > 0
            assert written > 0
            assert cost > 0
            assert (await gateway.budget(tenant, ALONE)).daily.spent.tokens == read + written
            assert (await gateway.budget(tenant, ALONE)).daily.reserved.tokens == 0

    with faulty_server(protocol, fault) as sick:
        asyncio.run(play(sick.url))


@pytest.mark.parametrize("protocol", ["openai", "tgi"])
@pytest.mark.parametrize("fault", ["wrong_counts", "no_counts"])
def test_a_wrong_token_count_is_estimated_and_says_so(
    protocol: Protocol, fault: Fault, database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url, provider=protocol)]) as gateway:
            heard = await ask(gateway, tenant, ALONE, question())
            assert heard.text == TEXT
            assert heard.result.trace.tokens_estimated
            assert 0 < heard.result.trace.output_tokens < 100

    with faulty_server(protocol, fault) as sick:
        asyncio.run(play(sick.url))


def test_a_time_out_is_tried_again_twice_at_most(
    database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url, first_text=0.2)]) as gateway:
            heard = await ask(gateway, tenant, ALONE, question(deadline=10.0))
            assert [attempt.error for attempt in heard.result.trace.attempts] == ["model_timed_out"] * 3
            assert heard.result.trace.retries == 2

    with faulty_server("openai", "silence") as sick:
        asyncio.run(play(sick.url))
        assert sick.calls == 3


def test_a_time_out_that_passes_costs_only_a_retry(
    database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url, first_text=0.3)]) as gateway:
            heard = await ask(gateway, tenant, ALONE, question())
            assert (heard.text, heard.result.trace.retries, heard.result.trace.reason) == (TEXT, 1, None)

    with faulty_server("openai", "silence", faulty_calls=1) as sick:
        asyncio.run(play(sick.url))


def test_a_server_that_fails_at_the_request_is_not_asked_again(
    database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url)]) as gateway:
            assert (await ask(gateway, tenant, ALONE, question())).result.trace.retries == 0

    with faulty_server("openai", "error") as sick:
        asyncio.run(play(sick.url))
        assert sick.calls == 1


def test_the_circuit_opens_at_the_sixth_failure_and_spares_the_server(
    database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        counted = Counted()
        async with opened(database, extractive, [model("sick", url)], observer=counted) as gateway:
            for _ in range(9):
                heard = await ask(gateway, tenant, ALONE, question())
                assert heard.result.trace.reason == "provider_down"
            assert counted.circuits == [("sick", "open")]
            assert heard.result.trace.attempts[0].error == "circuit_open"
            assert [(each.name, each.circuit) for each in await gateway.models(tenant, ALONE)] == [
                ("sick", "open"),
                ("extractive", "closed"),
            ]

    with faulty_server("openai", "error") as sick:
        asyncio.run(play(sick.url))
        assert sick.calls == 6


def test_a_server_that_asks_for_a_pause_gets_it_at_once(
    database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url)]) as gateway:
            for _ in range(3):
                await ask(gateway, tenant, ALONE, question())

    with faulty_server("openai", "overloaded") as sick:
        asyncio.run(play(sick.url))
        assert sick.calls == 1


def test_with_tools_asked_there_is_no_quoting_but_a_typed_error(
    database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url)]) as gateway:
            with pytest.raises(ModelUnavailable):
                await ask(gateway, tenant, ALONE, question(tools=(TOOL,)))

    with faulty_server("openai", "error") as sick:
        asyncio.run(play(sick.url))


def test_a_prompt_that_is_too_long_for_the_named_model_is_the_callers_to_mend(
    database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url)]) as gateway:
            for _ in range(8):
                with pytest.raises(InvalidInput):
                    await ask(gateway, tenant, ALONE, question(), model="sick")
            assert (await gateway.models(tenant, ALONE))[0].circuit == "closed"

    with faulty_server("openai", "too_long") as sick:
        asyncio.run(play(sick.url))


def test_a_caller_who_leaves_stops_the_server_and_pays_what_was_made(
    database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    counted = Counted()

    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url)], observer=counted) as gateway:
            stream = gateway.stream(tenant, ALONE, question(), use=UNTOLD)
            assert isinstance(await anext(stream), str)
            await stream.aclose()  # type: ignore[attr-defined]

    with faulty_server("openai", "pause") as sick:
        asyncio.run(play(sick.url))
        assert sick.wait_cancelled()
    ((_, error, read, written, cost),) = counted.calls
    assert (error, read > 0, written > 0, cost > 0) == ("cancelled", True, True, True)


@pytest.mark.parametrize("fault", ["silence", "pause", "cut", "endless", "overloaded", "error"])
def test_nothing_lasts_past_the_deadline(
    fault: Fault, database: Database, extractive: AnswerGenerator, tenant: TenantContext
) -> None:
    async def one(gateway: ModelGateway) -> None:
        with suppress(ModelUnavailable):
            endless = question(deadline=1.5, max_tokens=10**6)
            async for item in gateway.stream(tenant, POLICY, endless, use=UNTOLD, model="sick"):
                assert isinstance(item, str | GatewayResult)

    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url, first_text=30.0)]) as gateway:
            started = time.monotonic()
            await asyncio.gather(*(one(gateway) for _ in range(5)))
            assert time.monotonic() - started < 5

    with faulty_server("openai", fault) as sick:
        asyncio.run(play(sick.url))


def test_another_tenants_text_on_the_wire_is_never_passed_on_as_the_answer(
    database: Database, extractive: AnswerGenerator
) -> None:
    async def play(url: str) -> None:
        async with opened(database, extractive, [model("sick", url)]) as gateway:
            with pytest.raises(ModelMisbehaved):
                await ask(gateway, TenantContext(uuid4()), ALONE, question())

    with faulty_server("openai", "crossed") as sick:
        asyncio.run(play(sick.url))
