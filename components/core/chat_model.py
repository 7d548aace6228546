"""The Protocol that every chat model keeps, whatever serves it: messages in, text and tool calls out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from components.core.answers import Passage

Role = Literal["system", "user", "assistant", "tool"]
Capability = Literal["tools", "schema", "sampling"]
FinishReason = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True)
class ToolDefinition:
    """A function that the model may ask for. parameters: JSON Schema of its arguments, an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """What the model asks for. arguments: a JSON object as text; whoever runs the tool validates it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class ChatMessage:
    """One message. tool_calls: of an assistant's; tool_call_id: of the call that a tool's message answers."""

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True)
class ChatRequest:
    """What a chat model is asked.

    deadline: seconds until the last piece must be there. stop: the text ends before the first of these.
    response_schema: JSON Schema that the text must keep to. question and passages: what the messages were
    rendered from, for a model that quotes instead of writing. fresh: no kept text may stand for it.
    """

    messages: tuple[ChatMessage, ...]
    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    tools: tuple[ToolDefinition, ...] = ()
    response_schema: Mapping[str, Any] | None = None
    deadline: float = 30.0
    question: str = ""
    passages: tuple[Passage, ...] = ()
    fresh: bool = False


@dataclass(frozen=True)
class Completion:
    """The end of a generation. text: all pieces together. estimated: the token counts are ours, since the
    server gave none or impossible ones."""

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    finish_reason: FinishReason
    tool_calls: tuple[ToolCall, ...] = ()
    estimated: bool = False


class ChatModel(Protocol):
    """A model behind whatever serves it. Safe for many concurrent streams on one event loop."""

    @property
    def name(self) -> str:
        """As the catalogue, lineage and bills show it."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """tools: calls tools. schema: keeps to a response_schema. sampling: heeds temperature, top_p and seed."""
        ...

    def stream(self, request: ChatRequest) -> AsyncIterator[str | Completion]:
        """Pieces of text as they come, none empty, no character split; then exactly one Completion.

        Closing the iterator (aclose) stops the upstream request. Raises, never later than the deadline:
        ModelTimedOut, ModelOverloaded, ModelMisbehaved, ModelUnavailable; InvalidInput where the request does not
        fit the model (PromptTooLong, tools or schema for a model without that capability).
        """
        ...

    async def check(self) -> None:
        """Whether it would answer now, at the cost of no generation. Raises ModelUnavailable within 5 s."""
        ...

    async def close(self) -> None:
        """Gives connections and threads back; streams under way end with ModelUnavailable."""
        ...
