"""What every chat model keeps, run over all four: TGI, OpenAI's protocol, in process, extractive."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.core.chat_model import ChatModel, ChatRequest, Completion, ToolDefinition
from components.core.embeddings import Embedder
from components.core.errors import InvalidInput, ModelTimedOut, ModelUnavailable
from components.models.extractive import ExtractiveGenerator
from tests.models.chat_models_under_test import CONTEXT, QUESTION, Subject, asked, completion, subject, with_model
from tests.models.chat_test_servers import openai_server, tgi_server
from tests.models.tiny_llm import write_tiny_llm

LOOKUP = ToolDefinition(
    "find_order", "An order by what is known of it.", {"type": "object", "properties": {"query": {"type": "string"}}}
)
ODD = "😀👨\u200d👩\u200d👧é\u0301a\u0300שלוםمرحبا日本語\u0000\u200b\u202e\ufffd \n<|[]{}%"


@pytest.fixture(scope="module")
def subjects(bundled: Embedder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Subject]]:
    folder: Path = write_tiny_llm(tmp_path_factory.mktemp("tiny_llm"), context=CONTEXT)
    generator = ExtractiveGenerator(bundled)
    with openai_server(folder) as openai, tgi_server(folder) as tgi:
        servers = {"openai": openai, "tgi": tgi, "transformers": None, "extractive": None}
        yield {name: subject(name, folder, generator, server) for name, server in servers.items()}


@pytest.fixture(params=["transformers", "extractive", "openai", "tgi"])
def kind(request: pytest.FixtureRequest, subjects: dict[str, Subject]) -> Subject:
    return subjects[request.param]


def one(kind: Subject, request: ChatRequest) -> Completion:
    return with_model(kind, lambda model: completion(model, request))


def test_pieces_make_the_text_and_one_completion_ends_it(kind: Subject) -> None:
    found = one(kind, asked())
    assert found.text
    assert found.model == kind.declaration.name
    assert found.tool_calls == ()


@given(question=st.text(st.sampled_from(ODD) | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_piece_holds_half_a_character(kind: Subject, question: str) -> None:
    async def pieces(model: ChatModel) -> list[Any]:
        return [item async for item in model.stream(asked(question, max_tokens=40))]

    *texts, last = with_model(kind, pieces)
    for text in texts:
        assert text.encode().decode() == text
    # Only max_tokens may cut a character, the last one.
    if kind.is_language_model:
        assert "\ufffd" not in last.text.rstrip("\ufffd")


def test_characters_of_several_tokens_come_whole(kind: Subject) -> None:
    text = one(kind, asked(max_tokens=160)).text
    assert any(ord(character) > 127 for character in text) or not kind.is_language_model


def test_tokens_are_the_tokenizers_count_or_said_to_be_estimated(kind: Subject) -> None:
    from transformers import AutoTokenizer

    request = asked(max_tokens=20)
    found = one(kind, request)
    if found.estimated:
        assert 0 < found.input_tokens <= len("".join(message.content for message in request.messages).encode())
        assert 0 < found.output_tokens <= 20
        return
    tokenizer = AutoTokenizer.from_pretrained(kind.folder)
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    assert found.input_tokens == len(tokenizer.apply_chat_template(messages, add_generation_prompt=True))
    assert found.output_tokens == 20


def test_the_text_ends_before_the_first_stop_string(kind: Subject) -> None:
    whole = one(kind, asked(max_tokens=40)).text
    assert len(whole) > 12
    for stop in ((whole[4:7],), ("never written", whole[6], whole[9:12])):
        found = one(kind, asked(max_tokens=40, stop=stop))
        assert found.text == whole[: min(at for each in stop if (at := whole.find(each)) >= 0)]
        assert found.finish_reason == "stop"


def test_max_tokens_ends_the_text_as_length(kind: Subject) -> None:
    found = one(kind, asked(max_tokens=5))
    assert found.finish_reason == "length"
    assert found.output_tokens == 5 or (found.estimated and 0 < found.output_tokens <= 5)


def test_an_empty_answer_is_an_answer(kind: Subject) -> None:
    found = one(kind, kind.empty)
    assert found.text == ""
    assert found.finish_reason == "stop"


def test_silence_past_the_deadline_is_a_timeout_in_time(kind: Subject) -> None:
    async def waits(model: ChatModel) -> float:
        started = time.monotonic()
        with pytest.raises(ModelTimedOut, match=r"0\.2"):
            await completion(model, asked(max_tokens=CONTEXT // 2, deadline=0.2))
        return time.monotonic() - started

    # It would take half a minute; the slack is a busy machine's.
    assert with_model(kind, waits, slow=True) < 5


def test_a_reader_who_leaves_stops_the_work(kind: Subject) -> None:
    async def leaves(model: ChatModel) -> Completion | None:
        before = kind.server.cancelled if kind.server else 0
        async with aclosing(model.stream(kind.long)) as stream:  # type: ignore[type-var]
            assert isinstance(await anext(stream), str)
        if kind.server:
            assert await asyncio.to_thread(kind.server.wait_cancelled, before + 1)
        # One generation at a time where the model is ours: it would wait for the first one's end.
        return await completion(model, asked(max_tokens=3, deadline=20)) if kind.is_language_model else None

    with_model(kind, leaves, slow=True)


def test_a_cancelled_reader_stops_the_work(kind: Subject) -> None:
    async def cancels(model: ChatModel) -> None:
        reading = asyncio.create_task(completion(model, kind.long))
        await asyncio.sleep(0.3)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        if kind.is_language_model:
            await completion(model, asked(max_tokens=3, deadline=20))

    with_model(kind, cancels, slow=True)


def test_concurrent_streams_do_not_mix(kind: Subject) -> None:
    requests = [asked(f"{number}: {QUESTION}", max_tokens=10 + number) for number in range(8)]

    async def both(model: ChatModel) -> tuple[list[Completion], list[Completion]]:
        alone = [await completion(model, request) for request in requests]
        return alone, list(await asyncio.gather(*(completion(model, request) for request in requests)))

    alone, together = with_model(kind, both)
    assert [each.text for each in together] == [each.text for each in alone]
    if kind.is_language_model:
        assert len({each.text for each in alone}) == len(requests)


def test_what_the_model_cannot_do_is_invalid_input(kind: Subject) -> None:
    async def refuses(model: ChatModel) -> None:
        unfit = {"tools": asked(tools=(LOOKUP,)), "schema": asked(response_schema={"type": "object"})}
        for capability, request in unfit.items():
            if capability not in model.capabilities:
                with pytest.raises(InvalidInput, match=kind.declaration.name):
                    await completion(model, request)

    with_model(kind, refuses)


def test_a_model_with_tools_asks_for_one(kind: Subject) -> None:
    async def calls(model: ChatModel) -> Completion | None:
        return await completion(model, asked(tools=(LOOKUP,))) if "tools" in model.capabilities else None

    found = with_model(kind, calls)
    if found is not None:
        assert found.finish_reason == "tool_calls"
        assert [call.name for call in found.tool_calls] == ["find_order"]
        assert found.tool_calls[0].id
        assert isinstance(json.loads(found.tool_calls[0].arguments)["query"], str)
    assert (found is not None) == (kind.server is not None)


def test_a_healthy_model_passes_its_check(kind: Subject) -> None:
    with_model(kind, lambda model: model.check())


def test_a_closed_model_is_unavailable(kind: Subject) -> None:
    async def closes(model: ChatModel) -> None:
        await model.close()
        with pytest.raises(ModelUnavailable):
            await completion(model, asked())
        with pytest.raises(ModelUnavailable):
            await model.check()
        await model.close()

    with_model(kind, closes)


def test_closing_ends_the_streams_under_way(kind: Subject) -> None:
    async def closes(model: ChatModel) -> None:
        async with aclosing(model.stream(kind.long)) as stream:  # type: ignore[type-var]
            await anext(stream)
            await model.close()
            with pytest.raises(ModelUnavailable) as raised:
                async for _ in stream:
                    pass
            assert not isinstance(raised.value, ModelTimedOut)

    with_model(kind, closes, slow=True)
