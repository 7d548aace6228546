"""The prompt cache: each tenant's own, forgetful of what was erased, and no burden when Redis is gone."""

from __future__ import annotations

import asyncio
import dataclasses
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis_fixtures import new_tenant, running_redis, shared_state

from components.core.answers import Passage
from components.core.chat_model import ChatMessage, ChatRequest, ToolCall, ToolDefinition
from components.core.model_catalogue import ModelDeclaration
from components.core.prompts import RenderedPrompt
from components.core.tenant import TenantContext
from components.gateway.prompt_cache import LONGEST_VALUE, Lookup, PromptCache, cache_key
from components.shared_state.connection import SharedState

MISS, GONE = Lookup("miss"), Lookup("unavailable")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with running_redis() as folder:
        yield folder


async def names(state: SharedState, tenant: TenantContext) -> list[bytes]:
    with state.guard() as redis:
        return sorted(await redis.keys(f"helpdesk:{tenant.tenant_id}:*"))


@settings(max_examples=25, deadline=None)
@given(value=st.binary(max_size=3000) | st.binary(max_size=8).map(lambda some: some * 4000))
def test_what_was_put_comes_back_to_the_letter(folder: Path, value: bytes) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenant = PromptCache(state, 60), new_tenant()
            assert await cache.get(tenant, "key") == MISS
            assert await cache.put(tenant, "key", value)
            assert await cache.get(tenant, "key") == Lookup("hit", value)

    asyncio.run(check())


def test_the_longest_value_is_kept_and_a_longer_one_is_not(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenant = PromptCache(state, 60), new_tenant()
            assert await cache.put(tenant, "key", b"x" * LONGEST_VALUE)
            assert (await cache.get(tenant, "key")).value == b"x" * LONGEST_VALUE
            assert not await cache.put(tenant, "longer", b"x" * (LONGEST_VALUE + 1))
            assert await cache.get(tenant, "longer") == MISS

    asyncio.run(check())


def test_a_tenant_never_meets_anothers_answer_even_under_the_same_key(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, ours, theirs = PromptCache(state, 60), new_tenant(), new_tenant()
            await cache.put(ours, "key", b"ours", sources=["chunk"])
            assert await cache.get(theirs, "key") == MISS
            assert await cache.purge(theirs, ["chunk"]) == 0
            assert await cache.purge_tenant(theirs) == 0
            assert await cache.get(ours, "key") == Lookup("hit", b"ours")

    asyncio.run(check())


def test_an_answer_that_lands_under_another_tenants_key_is_not_given_out(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, ours, theirs = PromptCache(state, 60), new_tenant(), new_tenant()
            await cache.put(ours, "key", b"ours")
            with state.guard() as redis:
                await redis.copy(f"helpdesk:{ours.tenant_id}:prompt:key", f"helpdesk:{theirs.tenant_id}:prompt:key")
                await redis.copy(f"helpdesk:{ours.tenant_id}:prompt:key", f"helpdesk:{ours.tenant_id}:prompt:other")
            assert await cache.get(theirs, "key") == MISS
            assert await cache.get(ours, "other") == MISS

    asyncio.run(check())


@pytest.mark.parametrize("body", [b"z" + zlib.compress(b"0" * 50_000_000), b"z not packed", b"?", b""])
def test_a_damaged_value_is_a_miss(folder: Path, body: bytes) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenant = PromptCache(state, 60), new_tenant()
            await cache.put(tenant, "key", b"value")
            name = f"helpdesk:{tenant.tenant_id}:prompt:key"
            with state.guard() as redis:
                seal = (await redis.hget(name, "value"))[:32]
                await redis.hset(name, "value", seal + body)
            assert await cache.get(tenant, "key") == MISS

    asyncio.run(check())


def test_an_erased_chunk_takes_its_answers_along_and_no_others(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenant = PromptCache(state, 60), new_tenant()
            await cache.put(tenant, "both", b"1", sources=["kept", "erased"])
            await cache.put(tenant, "other", b"2", sources=["kept"])
            await cache.put(tenant, "none", b"3")
            assert await cache.purge(tenant, ["erased", "unheard of"]) == 1
            assert await cache.get(tenant, "both") == MISS
            assert await cache.get(tenant, "other") == Lookup("hit", b"2")
            assert await cache.get(tenant, "none") == Lookup("hit", b"3")
            assert f"helpdesk:{tenant.tenant_id}:source:erased".encode() not in await names(state, tenant)

    asyncio.run(check())


def test_an_answer_on_its_way_while_its_chunk_is_erased_is_not_kept(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenant = PromptCache(state, 60), new_tenant()
            assert await cache.purge(tenant, ["chunk"]) == 0
            assert not await cache.put(tenant, "late", b"late", sources=["chunk", "other"])
            assert await cache.get(tenant, "late") == MISS
            assert await cache.purge_tenant(tenant) == 0
            assert not await cache.put(tenant, "later", b"late", sources=["other"])

    asyncio.run(check())


def test_an_erasure_is_forgotten_in_the_end(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenant = PromptCache(state, 60, erasure_seconds=1), new_tenant()
            await cache.purge(tenant, ["chunk"])
            await cache.purge_tenant(tenant)
            await asyncio.sleep(2.2)
            assert await cache.put(tenant, "key", b"new", sources=["chunk"])
            assert f"helpdesk:{tenant.tenant_id}:erased:recently".encode() not in await names(state, tenant)

    asyncio.run(check())


@settings(max_examples=20, deadline=None)
@given(turns=st.lists(st.integers(0, 3), min_size=2, max_size=12), purged=st.integers(0, 12))
def test_no_order_of_puts_and_purges_leaves_an_erased_answer(folder: Path, turns: list[int], purged: int) -> None:
    async def check() -> None:
        async with shared_state(folder) as one, shared_state(folder) as other:
            tenant = new_tenant()
            first, second = PromptCache(one, 60), PromptCache(other, 60)

            async def put(turn: int) -> None:
                for _ in range(turn):
                    await asyncio.sleep(0)
                await first.put(tenant, f"key{turn}", b"erased", sources=["chunk", "other"])

            async def purge() -> None:
                await second.purge(tenant, ["chunk"])

            before, after = turns[:purged], turns[purged:]
            await asyncio.gather(*map(put, before), purge(), *map(put, after))
            assert all([await first.get(tenant, f"key{turn}") == MISS for turn in range(4)])

    asyncio.run(check())


KEYS, CHUNKS = st.sampled_from("abc"), st.sampled_from("123")
STEPS = st.one_of(
    st.tuples(st.just("put"), KEYS, st.frozensets(CHUNKS, max_size=2)),
    st.tuples(st.just("purge"), st.just(""), st.frozensets(CHUNKS, min_size=1, max_size=2)),
    st.tuples(st.just("evict"), st.just(""), st.frozensets(CHUNKS, min_size=1, max_size=1)),
)


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 1), STEPS), max_size=14))
def test_after_any_steps_exactly_the_answers_are_there_whose_chunks_are(folder: Path, steps: list[Any]) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenants = PromptCache(state, 60), (new_tenant(), new_tenant())
            expected: list[dict[str, tuple[bytes, frozenset[str]]]] = [{}, {}]
            erased: list[set[str]] = [set(), set()]
            for number, (who, (step, key, chunks)) in enumerate(steps):
                tenant, value = tenants[who], f"{number}".encode()
                if step == "put":
                    stored = await cache.put(tenant, key, value, sources=chunks)
                    assert stored == (not chunks & erased[who])
                    if stored:
                        expected[who][key] = (value, chunks)
                    continue
                lost = [key for key, (_, on) in expected[who].items() if on & chunks]
                if step == "purge":
                    erased[who] |= chunks
                    assert await cache.purge(tenant, chunks) == len(lost)
                else:  # Redis is full and drops what says which answers stand on a chunk.
                    with state.guard() as redis:
                        await redis.unlink(*(f"helpdesk:{tenant.tenant_id}:source:{chunk}" for chunk in chunks))
                    assert all([await cache.get(tenant, key) == MISS for key in lost])
                expected[who] = {key: kept for key, kept in expected[who].items() if key not in lost}
            for tenant, left in zip(tenants, expected, strict=True):
                for key in "abc":
                    assert await cache.get(tenant, key) == (Lookup("hit", left[key][0]) if key in left else MISS)

    asyncio.run(check())


def test_a_key_that_is_put_again_on_other_chunks_stands_on_those(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenant = PromptCache(state, 60), new_tenant()
            await cache.put(tenant, "key", b"old", sources=["one"])
            await cache.put(tenant, "key", b"new", sources=["two"])
            assert await cache.get(tenant, "key") == Lookup("hit", b"new")
            assert await cache.purge(tenant, ["one"]) == 0
            assert await cache.get(tenant, "key") == Lookup("hit", b"new")
            assert await cache.purge(tenant, ["two"]) == 1
            assert await cache.get(tenant, "key") == MISS

    asyncio.run(check())


def test_everything_of_a_tenant_can_go_at_once(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenant = PromptCache(state, 60), new_tenant()
            for number in range(30):
                await cache.put(tenant, f"key{number}", b"x", sources=[f"{number % 7}"])
            assert await cache.purge_tenant(tenant) == 30
            assert await names(state, tenant) == [f"helpdesk:{tenant.tenant_id}:erased:recently".encode()]

    asyncio.run(check())


def test_a_purge_of_many_chunks_finds_them_all(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenant = PromptCache(state, 60), new_tenant()
            chunks = [f"chunk{number}" for number in range(450)]
            for number in (0, 199, 200, 449):
                await cache.put(tenant, f"{number}", b"x", sources=[chunks[number]])
            assert await cache.purge(tenant, chunks) == 4

    asyncio.run(check())


def test_answers_end_and_leave_nothing_behind(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            tenant = new_tenant()
            await PromptCache(state, 0.2).put(tenant, "key", b"x", sources=["chunk"])
            assert len(await names(state, tenant)) == 2
            await asyncio.sleep(0.4)
            assert await names(state, tenant) == []

    asyncio.run(check())


def test_with_no_time_to_live_nothing_is_kept(folder: Path) -> None:
    async def check() -> None:
        async with shared_state(folder) as state:
            cache, tenant = PromptCache(state, 0), new_tenant()
            assert not await cache.put(tenant, "key", b"x")
            assert await cache.get(tenant, "key") == MISS

    asyncio.run(check())


def test_without_redis_nothing_raises() -> None:
    async def check() -> None:
        async with shared_state(None) as state:
            cache, tenant = PromptCache(state, 60), new_tenant()
            assert await cache.get(tenant, "key") == GONE
            assert not await cache.put(tenant, "key", b"x", sources=["chunk"])
            assert await cache.purge(tenant, ["chunk"]) is None
            assert await cache.purge_tenant(tenant) is None

    asyncio.run(check())


TENANT = new_tenant()
MODEL = ModelDeclaration("fast", "openai", "gpt", "http://one/v1")
PASSAGE = Passage("c1", "d1", "Returns", "Limit", "45 days", 0.5)
ASKED = (ChatMessage("system", "Answer."), ChatMessage("user", "When?", (ToolCall("1", "look", "{}"),), "7"))
PROMPT = RenderedPrompt("answer", 3, ASKED)
TOOL = ToolDefinition("look", "Looks.", {"type": "object", "properties": {"a": {}, "b": {}}})
REQUEST = ChatRequest(
    ASKED, 256, 0.5, 0.9, 1, ("\n\n",), (TOOL,), {"type": "object"}, question="When?", passages=(PASSAGE,)
)
WORDS = st.text(max_size=6)
CHANGES = st.one_of(
    st.tuples(st.just("model"), st.sampled_from(["name", "model", "base_url"]), WORDS),
    st.tuples(st.just("prompt"), st.just("prompt_id"), WORDS),
    st.tuples(st.just("prompt"), st.just("version"), st.integers(0, 9)),
    st.tuples(st.just("prompt"), st.just("messages"), st.just(ASKED[:1])),
    st.tuples(st.just("passage"), st.sampled_from(["chunk_id", "document_id", "title", "section", "text"]), WORDS),
    st.tuples(st.just("message"), st.sampled_from(["role", "content", "tool_call_id"]), WORDS),
    st.tuples(st.just("tool"), st.sampled_from(["name", "description"]), WORDS),
    st.tuples(st.just("tool"), st.just("parameters"), st.dictionaries(WORDS, WORDS, max_size=2)),
    st.tuples(st.just("request"), st.just("max_tokens"), st.integers(1, 999)),
    st.tuples(st.just("request"), st.sampled_from(["temperature", "top_p"]), st.floats(0, 2)),
    st.tuples(st.just("request"), st.just("seed"), st.none() | st.integers(0, 99)),
    st.tuples(st.just("request"), st.just("stop"), st.lists(WORDS, max_size=2).map(tuple)),
    st.tuples(st.just("request"), st.just("question"), WORDS),
    st.tuples(st.just("request"), st.sampled_from(["tools", "passages", "messages"]), st.just(())),
    st.tuples(
        st.just("request"), st.just("response_schema"), st.none() | st.dictionaries(WORDS, st.booleans(), max_size=2)
    ),
)


def changed(change: tuple[str, str, Any] | None) -> tuple[Any, ...]:
    """The parts of a key with one field of one of them set to a value."""
    if change is None:
        return TENANT, MODEL, REQUEST, PROMPT
    part, field, value = change
    new = {field: value}
    model = dataclasses.replace(MODEL, **new) if part == "model" else MODEL
    prompt = dataclasses.replace(PROMPT, **new) if part == "prompt" else PROMPT
    request = dataclasses.replace(REQUEST, **new) if part == "request" else REQUEST
    if part == "passage":
        request = dataclasses.replace(REQUEST, passages=(dataclasses.replace(PASSAGE, **new),))
    if part == "message":
        request = dataclasses.replace(REQUEST, messages=(ASKED[0], dataclasses.replace(ASKED[1], **new)))
    if part == "tool":
        request = dataclasses.replace(REQUEST, tools=(dataclasses.replace(TOOL, **new),))
    return TENANT, model, request, prompt


@settings(max_examples=300, deadline=None)
@given(one=CHANGES, other=CHANGES)
def test_two_questions_share_a_key_only_where_every_part_is_equal(one: Any, other: Any) -> None:
    first, second, plain = changed(one), changed(other), changed(None)
    assert (cache_key(*first) == cache_key(*second)) == (first == second)
    assert (cache_key(*first) == cache_key(*plain)) == (first == plain)


def test_equal_questions_of_two_tenants_have_different_keys() -> None:
    assert cache_key(TENANT, MODEL, REQUEST, PROMPT) != cache_key(new_tenant(), MODEL, REQUEST, PROMPT)
    assert cache_key(TENANT, MODEL, REQUEST, PROMPT) != cache_key(TENANT, MODEL, REQUEST, None)


def test_what_does_not_change_the_answer_does_not_change_the_key() -> None:
    scored = dataclasses.replace(PASSAGE, score=0.9, stage_scores={"vector": 0.1})
    hurried = dataclasses.replace(REQUEST, deadline=1.0, passages=(scored,))
    turned = dataclasses.replace(TOOL, parameters={"properties": {"b": {}, "a": {}}, "type": "object"})
    dearer = dataclasses.replace(MODEL, api_key="other", deadline=9.0)
    key = cache_key(TENANT, MODEL, REQUEST, PROMPT)
    assert cache_key(TENANT, dearer, dataclasses.replace(hurried, tools=(turned,)), PROMPT) == key
    assert len(key) == 64
