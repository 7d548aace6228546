"""The four kinds of chat model, each on something real, for the contract suite."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from components.core.answers import GeneratedText, GenerationRequest
from components.core.chat_model import ChatMessage, ChatModel, ChatRequest, Completion
from components.core.generation import AnswerGenerator
from components.core.model_catalogue import ModelDeclaration
from components.models.chat_model_factory import build_chat_model
from tests.models.chat_test_servers import ChatServer
from tests.models.tiny_llm import EMPTY

T = TypeVar("T")
CONTEXT = 60_000
ARTICLE = (
    "Unused items can be returned within 30 days. Members of the club can return unused items within 60 days. "
    "A refund of returned items takes five days – naïve as it sounds 😰. Returned items that were used are refused."
)
QUESTION = "Until when can unused items be returned?"


def asked(text: str = QUESTION, **fields: Any) -> ChatRequest:
    """A question under the article as the system's message."""
    messages = (ChatMessage("system", ARTICLE), ChatMessage("user", text))
    return replace(ChatRequest(messages, max_tokens=24, deadline=60.0), **fields)


class Slow:
    """An answer generator that takes its time: `pause` seconds before each piece of another one's text."""

    def __init__(self, generator: AnswerGenerator, pause: float) -> None:
        self._generator, self._pause = generator, pause

    @property
    def name(self) -> str:
        return self._generator.name

    def stream(self, request: GenerationRequest) -> Iterator[str | GeneratedText]:
        for item in self._generator.stream(request):
            for part in item if isinstance(item, str) else [item]:
                time.sleep(self._pause)
                yield part


@dataclass(frozen=True)
class Subject:
    """One kind of chat model. folder: of the tiny model. server: behind it, if one is. empty: a request that is
    answered with nothing. extractive, slow: what an extractive one answers with, at once or in half a minute."""

    declaration: ModelDeclaration
    folder: Path
    extractive: AnswerGenerator
    slow: AnswerGenerator
    empty: ChatRequest
    server: ChatServer | None = None

    @property
    def is_language_model(self) -> bool:
        return self.declaration.provider != "extractive"

    @asynccontextmanager
    async def model(self, *, slow: bool = False) -> AsyncIterator[ChatModel]:
        """Built and warm, closed at the end. slow: such that `long` takes half a minute at least."""
        model = build_chat_model(self.declaration, self.slow if slow else self.extractive)
        try:
            if self.is_language_model:
                await completion(model, asked(max_tokens=1))
            yield model
        finally:
            await model.close()

    @property
    def long(self) -> ChatRequest:
        return asked(max_tokens=CONTEXT // 2)


def subject(provider: str, folder: Path, extractive: AnswerGenerator, server: ChatServer | None) -> Subject:
    empty = asked(f"{EMPTY} {QUESTION}")
    address: dict[str, Any] = {"model": str(folder)}
    if server is not None:
        address = {"model": "tiny", "base_url": server.url, "api_key": "test"}
    if provider == "extractive":
        address, empty = {}, asked("Do you sell kayaks?", stop=("I",))
    declaration = ModelDeclaration(f"my-{provider}", provider, context_tokens=CONTEXT, **address)  # type: ignore[arg-type]
    return Subject(declaration, folder, extractive, Slow(extractive, 0.4), empty, server)


async def items(model: ChatModel, request: ChatRequest) -> list[str | Completion]:
    return [item async for item in model.stream(request)]


async def completion(model: ChatModel, request: ChatRequest) -> Completion:
    """What a stream ends with, after it was checked to be one."""
    *pieces, last = await items(model, request)
    assert isinstance(last, Completion)
    assert all(isinstance(piece, str) and piece for piece in pieces)
    assert "".join(str(piece) for piece in pieces) == last.text
    return last


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def with_model(subject: Subject, use: Callable[[ChatModel], Coroutine[Any, Any, T]], *, slow: bool = False) -> T:
    """What `use` makes of the model, on a loop of its own."""

    async def whole() -> T:
        async with subject.model(slow=slow) as model:
            return await use(model)

    return run(whole())
