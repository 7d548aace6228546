"""AutoGen's model client over our gateway: its messages and tools there, text and function calls back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from autogen_core import CancellationToken, FunctionCall
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    CreateResult,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    ModelFamily,
    ModelInfo,
    RequestUsage,
    SystemMessage,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel

from components.agents.orchestrator.halting import Halting
from components.agents.orchestrator.model_turns import ModelTurns, Turn
from components.agents.pausing import HandsOver
from components.core.alternatives import allowed
from components.core.chat_model import ChatMessage, ToolCall, ToolDefinition

# So often a model is told what it did wrong; after the next time a person goes on.
CORRECTIONS = 2
_INFO = ModelInfo(
    vision=False, function_calling=True, json_output=False, family=ModelFamily.UNKNOWN, structured_output=False
)


class GatewayClient(ChatCompletionClient):
    """For the turns of one goal. Raises nothing: what stops a turn stops the run, through `halting`."""

    def __init__(self, turns: ModelTurns, halting: Halting) -> None:
        self._turns, self._halting = turns, halting
        self._used = RequestUsage(0, 0)

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        return await self._halting.held(partial(self._create, messages, [_schema(tool) for tool in tools]))

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: Tool | Literal["auto", "required", "none"] = "auto",
        json_output: bool | type[BaseModel] | None = None,
        extra_create_args: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        yield await self.create(messages, tools=tools)

    def _create(self, messages: Sequence[LLMMessage], tools: Sequence[ToolSchema]) -> CreateResult:
        names = [tool["name"] for tool in tools]
        _refuse_another_fault(messages, names)
        said = self._turns.ask(
            tuple(each for message in messages for each in _messages(message, names)),
            [ToolDefinition(tool["name"], tool.get("description", ""), dict(tool["parameters"])) for tool in tools],
        )
        usage = RequestUsage(said.input_tokens, said.output_tokens)
        self._used = RequestUsage(
            self._used.prompt_tokens + usage.prompt_tokens, self._used.completion_tokens + usage.completion_tokens
        )
        return _result(said, usage)

    async def close(self) -> None:
        """The gateway is not this client's to close."""

    def actual_usage(self) -> RequestUsage:
        return self._used

    def total_usage(self) -> RequestUsage:
        return self._used

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """About so many: four characters each."""
        return sum(len(each.content) for message in messages for each in _messages(message, ())) // 4

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Not known here: the gateway refuses what is too long for a model."""
        return 2**31

    @property
    def capabilities(self) -> ModelInfo:
        return _INFO

    @property
    def model_info(self) -> ModelInfo:
        return _INFO


def _result(said: Turn, usage: RequestUsage) -> CreateResult:
    if not said.calls:
        return CreateResult(finish_reason="stop", content=said.text, usage=usage, cached=False)
    calls = [FunctionCall(id=call.id, name=call.name, arguments=call.arguments) for call in said.calls]
    return CreateResult(
        finish_reason="function_calls", content=calls, usage=usage, cached=False, thought=said.text or None
    )


def _refuse_another_fault(messages: Sequence[LLMMessage], names: Sequence[str]) -> None:
    """Raises HandsOver where the model did something wrong once too often: a tool that there is not, arguments that do
    not fit, the same call again."""
    turns = [message for message in messages if isinstance(message, FunctionExecutionResultMessage)]
    faults = [[each for each in turn.content if each.is_error] for turn in turns]
    faulty = [each for each in faults if each]
    if len(faulty) > CORRECTIONS:
        raise HandsOver(f"the model was corrected {CORRECTIONS} times, and then: {_told(faulty[-1][0], names)[:500]}")


def _messages(message: LLMMessage, names: Sequence[str]) -> Iterator[ChatMessage]:
    if isinstance(message, SystemMessage):
        yield ChatMessage("system", message.content)
    elif isinstance(message, AssistantMessage):
        if isinstance(message.content, str):
            yield ChatMessage("assistant", message.content)
        else:
            calls = tuple(ToolCall(call.id, call.name, call.arguments) for call in message.content)
            yield ChatMessage("assistant", message.thought or "", tool_calls=calls)
    elif isinstance(message, FunctionExecutionResultMessage):
        for result in message.content:
            yield ChatMessage("tool", _told(result, names), tool_call_id=result.call_id)
    else:
        yield ChatMessage("user", str(message.content))


def _told(result: FunctionExecutionResult, names: Sequence[str]) -> str:
    """AutoGen does not say which tools there are."""
    if result.is_error and names and result.name not in names:
        return f"no tool is called {result.name[:80]!r}: {allowed(result.name, names)}"
    return result.content


def _schema(tool: Tool | ToolSchema) -> ToolSchema:
    return tool.schema if isinstance(tool, Tool) else tool
