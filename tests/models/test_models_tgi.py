"""What is particular to TGI: the server's own template, stop sequences it leaves in, special tokens, two protocols."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from text_generation import Client

from components.core.chat_model import ChatMessage, ChatRequest, ToolDefinition
from components.core.errors import ModelOverloaded, ModelUnavailable, PromptTooLong
from components.core.model_catalogue import ModelDeclaration
from components.models.remote_errors import RemoteFailures
from components.models.tgi_wire import TgiEvents, plain_prompt
from tests.models.chat_calls import answer, ask, question, remote
from tests.models.chat_test_servers import ChatServer, tgi_server
from tests.models.tiny_llm import EMPTY, write_tiny_llm

LOOKUP = ToolDefinition("find_order", "An order by its number.", {"type": "object", "properties": {}})
TEMPLATED = "<|user|>How long does a refund take?<|end|><|assistant|>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_llm(tmp_path_factory.mktemp("tgi_llm"))


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ChatServer]:
    with tgi_server(folder) as running:
        yield running


def test_the_servers_template_makes_the_prompt_and_counts_it(server: ChatServer) -> None:
    found = answer(remote("tgi", server.url), question(max_tokens=5))
    assert server.requests[-1][0]["inputs"] == TEMPLATED
    assert found.input_tokens == len("How long does a refund take?") + 3
    assert not found.estimated


def test_a_first_token_of_the_templates_own_is_not_sent_twice(folder: Path) -> None:
    with tgi_server(folder, begins="<|tool|>") as server:
        found = answer(remote("tgi", server.url), question(max_tokens=5))
        assert server.requests[-1][0]["inputs"] == TEMPLATED
    assert found.input_tokens == len("How long does a refund take?") + 4


def test_a_server_without_a_template_gets_the_messages_in_turn(folder: Path) -> None:
    messages = (ChatMessage("system", "Be brief."), ChatMessage("user", "Why?"))
    with tgi_server(folder, template=False) as server:
        found = answer(remote("tgi", server.url), ChatRequest(messages, max_tokens=5))
        assert (
            server.requests[-1][0]["inputs"]
            == plain_prompt(messages)
            == "System: Be brief.\n\nUser: Why?\n\nAssistant:"
        )
    assert found.input_tokens == len(plain_prompt(messages))


def test_a_stop_sequence_that_tgi_leaves_in_is_cut_with_its_counts_kept(server: ChatServer) -> None:
    whole = answer(remote("tgi", server.url), question(max_tokens=30)).text
    stop = whole[7:9]
    found = answer(remote("tgi", server.url), question(max_tokens=30, stop=(stop,)))
    assert found.text == whole[: whole.index(stop)]
    assert found.finish_reason == "stop"
    assert not found.estimated


def test_special_tokens_are_counted_and_not_shown(server: ChatServer) -> None:
    found = answer(remote("tgi", server.url), question(EMPTY))
    assert (found.text, found.output_tokens, found.finish_reason) == ("", 1, "stop")
    assert not found.estimated


def test_sampling_is_asked_for_only_above_zero(server: ChatServer) -> None:
    answer(remote("tgi", server.url), question(max_tokens=3))
    greedy = server.requests[-1][0]["parameters"]
    assert greedy["do_sample"] is False
    assert "temperature" not in greedy
    answer(remote("tgi", server.url), question(max_tokens=3, temperature=0.7, top_p=0.9, seed=5))
    sampled = server.requests[-1][0]["parameters"]
    assert (sampled["do_sample"], sampled["temperature"], sampled["top_p"], sampled["seed"]) == (True, 0.7, 0.9, 5)


def test_a_schema_is_a_grammar(server: ChatServer) -> None:
    schema = {"type": "object", "properties": {"days": {"type": "integer"}}}
    answer(remote("tgi", server.url), question(max_tokens=3, response_schema=schema))
    assert server.requests[-1][0]["parameters"]["grammar"] == {"type": "json", "value": schema}


def test_tools_go_through_the_messages_api(server: ChatServer) -> None:
    found = answer(remote("tgi", server.url), question(max_tokens=12, tools=(LOOKUP,)))
    assert [call.name for call in found.tool_calls] == ["find_order"]
    assert server.requests[-1][0]["tools"][0]["function"]["name"] == "find_order"
    messages = (
        ChatMessage("user", "Where is 7?"),
        ChatMessage("assistant", tool_calls=found.tool_calls),
        ChatMessage("tool", "On its way.", tool_call_id="call_1"),
    )
    answer(remote("tgi", server.url), ChatRequest(messages, max_tokens=3))
    assert server.requests[-1][0]["messages"][2]["role"] == "tool"


def test_more_than_the_server_reads_is_a_prompt_too_long(server: ChatServer) -> None:
    assert type(ask(remote("tgi", server.url), question("long " * 1000)).error) is PromptTooLong


def test_our_test_server_is_understood_by_the_text_generation_client(server: ChatServer) -> None:
    """The client stands for the protocol: what it reads from our test server, a real one would say as well."""
    client = Client(server.url, timeout=20)
    with pytest.warns(DeprecationWarning, match="dict"):
        whole = client.generate("hello", max_new_tokens=8)
    with pytest.warns(DeprecationWarning, match="dict"):
        streamed = list(client.generate_stream("hello", max_new_tokens=8))
    assert whole.details.generated_tokens == len(streamed) == 8
    assert "".join(each.token.text for each in streamed) == whole.generated_text == streamed[-1].generated_text


def test_errors_inside_a_stream_are_told_apart() -> None:
    reader = TgiEvents(RemoteFailures(ModelDeclaration("far", "tgi")), None)
    for kind, error in {
        "overloaded": ModelOverloaded,
        "generation": ModelUnavailable,
        "incomplete_generation": ModelUnavailable,
    }.items():
        with pytest.raises(ModelUnavailable) as raised:
            reader.read({"error": "Something", "error_type": kind})
        assert type(raised.value) is error
    with pytest.raises(PromptTooLong):
        reader.read({"error": "`inputs` tokens + `max_new_tokens` must be <= 4096", "error_type": "validation"})
