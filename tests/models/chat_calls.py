"""Calls of a remote chat model as a test makes them: a loop of its own, and what came, or the error that ended it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from components.core.chat_model import ChatMessage, ChatModel, ChatRequest, Completion
from components.core.errors import HelpdeskError
from components.core.model_catalogue import ModelDeclaration
from components.models.openai_chat_model import OpenAIChatModel
from components.models.tgi_chat_model import TgiChatModel
from tests.models.chat_test_servers import Protocol

T = TypeVar("T")
KEY = "sk-very-secret-7f3a"


@dataclass(frozen=True)
class Outcome:
    """One of completion and error is None."""

    pieces: tuple[str, ...]
    completion: Completion | None
    error: HelpdeskError | None


def remote(protocol: Protocol, url: str, *, deadline: float = 20.0, first_text: float = 20.0) -> ChatModel:
    declaration = ModelDeclaration(
        "far", protocol, model="tiny", base_url=url, api_key=KEY, deadline=deadline, first_text=first_text
    )
    return OpenAIChatModel(declaration) if protocol == "openai" else TgiChatModel(declaration)


def question(text: str = "How long does a refund take?", **fields: Any) -> ChatRequest:
    return ChatRequest((ChatMessage("user", text),), **{"max_tokens": 64, "deadline": 20.0, **fields})


async def outcome(model: ChatModel, request: ChatRequest) -> Outcome:
    pieces: list[str] = []
    end: Completion | None = None
    try:
        async for item in model.stream(request):
            assert end is None, "nothing comes after the completion"
            if isinstance(item, Completion):
                end = item
            else:
                assert item, "no piece is empty"
                pieces.append(item)
    except HelpdeskError as error:
        return Outcome(tuple(pieces), None, error)
    assert end is not None
    assert end.text == "".join(pieces)
    return Outcome(tuple(pieces), end, None)


def using(model: ChatModel, use: Callable[[ChatModel], Coroutine[Any, Any, T]]) -> T:
    """What `use` makes of the model, which is closed then."""

    async def whole() -> T:
        try:
            return await use(model)
        finally:
            await model.close()

    return asyncio.run(whole())


def ask(model: ChatModel, request: ChatRequest | None = None) -> Outcome:
    return using(model, lambda each: outcome(each, request or question()))


def answer(model: ChatModel, request: ChatRequest | None = None) -> Completion:
    """The completion of one that succeeds."""
    found = ask(model, request)
    assert found.completion is not None, found.error
    return found.completion
