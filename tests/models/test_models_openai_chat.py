"""What is particular to OpenAI's protocol: options that servers refuse, tools in parts, schemas, keys."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from components.core.chat_model import ChatMessage, ChatModel, ChatRequest, ToolCall, ToolDefinition
from components.core.errors import InvalidCatalogue
from components.core.model_catalogue import ModelDeclaration
from components.models.openai_chat_model import OpenAIChatModel
from components.models.remote_errors import RemoteFailures
from components.models.tgi_chat_model import TgiChatModel
from components.models.tool_call_parts import ToolCallPart, ToolCallParts
from tests.models.chat_calls import answer, outcome, question, remote, using
from tests.models.chat_test_servers import TEXT, ChatServer, faulty_server, openai_server
from tests.models.tiny_llm import write_tiny_llm

LOOKUP = ToolDefinition("find_order", "An order by its number.", {"type": "object", "properties": {}})
FAILURES = RemoteFailures(ModelDeclaration("far", "openai"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llm(tmp_path_factory.mktemp("openai_llm"))


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ChatServer]:
    with openai_server(folder, key="sk-very-secret-7f3a") as running:
        yield running


def test_a_server_that_refuses_stream_options_is_asked_without_them_from_then_on() -> None:
    with faulty_server("openai", "refuses_stream_options") as server:

        async def twice(model: ChatModel) -> None:
            for _ in range(2):
                found = (await outcome(model, question())).completion
                assert found is not None
                assert found.text == TEXT
                assert found.estimated

        using(remote("openai", server.url), twice)
        assert ["stream_options" in body for body, _ in server.requests] == [True, False, False]


def test_a_model_that_thinks_is_asked_in_its_own_terms() -> None:
    with faulty_server("openai", "refuses_stream_options") as server:
        server.refuses = ("max_tokens", "temperature", "top_p")
        found = answer(remote("openai", server.url), question(top_p=0.5, max_tokens=30))
        assert found.text == TEXT
        last = server.requests[-1][0]
        assert server.calls == 4
    assert last["max_completion_tokens"] == 30
    assert not {"max_tokens", "temperature", "top_p"} & set(last)


@pytest.mark.parametrize(
    "url", [None, "", "models.test/v1", "ftp://models.test", "http://models.test:99999", "http://"]
)
@pytest.mark.parametrize("provider", [OpenAIChatModel, TgiChatModel])
def test_no_address_is_a_mistake_in_the_catalogue(provider: Callable[..., object], url: str | None) -> None:
    with pytest.raises(InvalidCatalogue, match="'far' has base_url="):
        provider(ModelDeclaration("far", "openai", base_url=url))


def test_a_request_says_what_was_asked_and_no_more(server: ChatServer) -> None:
    answer(remote("openai", server.url), question(max_tokens=3))
    plain = server.requests[-1][0]
    assert plain == {
        "model": "tiny",
        "messages": [{"role": "user", "content": "How long does a refund take?"}],
        "max_tokens": 3,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    schema = {"type": "object", "properties": {"days": {"type": "integer"}}}
    asked = question(
        max_tokens=3, temperature=0.5, top_p=0.9, seed=4, stop=("a", "b", "c", "d", "e"), response_schema=schema
    )
    answer(remote("openai", server.url), asked)
    full = server.requests[-1][0]
    assert (full["temperature"], full["top_p"], full["seed"]) == (0.5, 0.9, 4)
    assert full["stop"] == ["a", "b", "c", "d"]
    assert full["response_format"]["json_schema"]["schema"] == schema


def test_a_seed_makes_the_same_text_again(server: ChatServer) -> None:
    def text(seed: int) -> str:
        return answer(remote("openai", server.url), question(temperature=1.0, seed=seed, max_tokens=20)).text

    assert text(1) == text(1)
    assert text(1) != text(2)


def test_a_tool_call_comes_whole_and_its_answer_goes_back(server: ChatServer) -> None:
    found = answer(remote("openai", server.url), question(tools=(LOOKUP,), max_tokens=12))
    assert found.finish_reason == "tool_calls"
    assert found.text == ""
    (call,) = found.tool_calls
    assert (call.id, call.name) == ("call_1", "find_order")
    assert isinstance(json.loads(call.arguments)["query"], str)
    messages = (
        ChatMessage("user", "Where is 7?"),
        ChatMessage("assistant", tool_calls=(call,)),
        ChatMessage("tool", "On its way.", tool_call_id=call.id),
    )
    answer(remote("openai", server.url), ChatRequest(messages, max_tokens=3))
    function = {"name": call.name, "arguments": call.arguments}
    assert server.requests[-1][0]["messages"][1:] == [
        {"role": "assistant", "content": "", "tool_calls": [{"id": call.id, "type": "function", "function": function}]},
        {"role": "tool", "content": "On its way.", "tool_call_id": call.id},
    ]


def test_parts_of_several_tool_calls_are_told_apart() -> None:
    calls = ToolCallParts()
    for part in (
        ToolCallPart(0, "a", "first", ""),
        ToolCallPart(1, "b", "second", '{"x"'),
        ToolCallPart(0, "", "", '{"y": 1}'),
        ToolCallPart(1, "", "", ": 2}"),
        ToolCallPart(0, "c", "third", ""),
    ):
        calls.add(part)
    assert calls.finished(FAILURES) == (
        ToolCall("a", "first", '{"y": 1}'),
        ToolCall("b", "second", '{"x": 2}'),
        ToolCall("c", "third", "{}"),
    )


def test_importing_the_model_imports_no_client() -> None:
    code = (
        "import sys; from components.models.openai_chat_model import OpenAIChatModel;"
        "from components.models.tgi_chat_model import TgiChatModel;"
        "from components.core.model_catalogue import ModelDeclaration as D;"
        "OpenAIChatModel(D('a', 'openai', base_url='http://x/v1')); TgiChatModel(D('a', 'tgi', base_url='http://x'));"
        "print({'openai', 'httpx2', 'aiohttp', 'text_generation'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set()"


def test_transformers_serve_is_understood(folder: Path) -> None:
    """A server that is not ours; it tells no token counts and no [DONE], and numbers every stream req_0."""
    config = folder / "tokenizer_config.json"
    # It hands the model all that the tokenizer makes, and this model takes no token_type_ids.
    config.write_text(
        json.dumps({**json.loads(config.read_text()), "model_input_names": ["input_ids", "attention_mask"]})
    )
    serve = shutil.which("transformers", path=str(Path(sys.executable).parent))
    assert serve is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [serve, "serve", "--host", "127.0.0.1", "--port", str(port), "--force-model", str(folder)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    process = subprocess.Popen(
        [*command, "--device", "cpu"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(f"http://127.0.0.1:{port}/health", process)
        url = f"http://127.0.0.1:{port}/v1"
        # It loads the model with the first question.
        declaration = ModelDeclaration("far", "openai", str(folder), url, deadline=90, first_text=90)
        found = answer(OpenAIChatModel(declaration), question(max_tokens=12, deadline=90))
    finally:
        process.kill()
        process.wait(10)
    assert found.text
    assert found.estimated
    with openai_server(folder) as ours:
        same = answer(remote("openai", ours.url), question(max_tokens=12))
    assert found.text == same.text


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        assert process.poll() is None, "transformers serve has ended"
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("transformers serve did not come up within 120 s")
