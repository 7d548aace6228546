"""A chat model behind Hugging Face's Text Generation Inference."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from components.core.chat_model import Capability, ChatRequest, Completion
from components.core.model_catalogue import ModelDeclaration
from components.models.openai_chat_model import CHECK_SECONDS, OpenAIChatModel
from components.models.remote_address import remote_address
from components.models.remote_errors import RemoteFailures
from components.models.remote_stream import RemoteEvent, RemoteStreams
from components.models.request_check import refuse_unfit

if TYPE_CHECKING:
    from components.models.tgi_connection import TgiConnection
    from components.models.tgi_prompts import TgiPrompts


class TgiChatModel:
    """Keeps core's ChatModel. declaration.base_url is the server's root.

    Text comes by POST /generate_stream, for a prompt by the server's own chat template; a response_schema is a
    grammar there. Tools, and conversations in which some were called, go through its Messages API (/v1).
    """

    def __init__(self, declaration: ModelDeclaration) -> None:
        """Raises InvalidCatalogue for a base_url that is no address."""
        root = remote_address(declaration)
        self._declaration = declaration
        self._failures = RemoteFailures(declaration)
        self._streams = RemoteStreams(declaration, self._failures)
        self._messages = OpenAIChatModel(replace(declaration, base_url=f"{root}/v1", model=declaration.model or "tgi"))
        self._connected: tuple[TgiConnection, TgiPrompts] | None = None
        self._connecting = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._declaration.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({"tools", "schema", "sampling"})

    def stream(self, request: ChatRequest) -> AsyncIterator[str | Completion]:
        """See ChatModel."""
        refuse_unfit(request, model=self.name, capabilities=self.capabilities)
        if request.tools or any(message.role == "tool" or message.tool_calls for message in request.messages):
            return self._messages.stream(request)
        return self._streams.complete(self._events(request), request)

    async def check(self) -> None:
        """Asks GET /health, which tries the model's own workers."""
        self._streams.refuse_closed()
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                connection, _ = await self._connection()
                await connection.get("/health")
        except TimeoutError as error:
            raise self._failures.timed_out("answer at /health", CHECK_SECONDS) from error

    async def close(self) -> None:
        self._streams.close()
        await self._messages.close()
        if self._connected is not None:
            await self._connected[0].close()

    async def _connection(self) -> tuple[TgiConnection, TgiPrompts]:
        async with self._connecting:
            if self._connected is None:
                # aiohttp and text-generation take a second to import: not on the event loop.
                connection_class, prompts_class = await asyncio.to_thread(_imported)
                connection = connection_class(self._declaration, self._failures)
                self._connected = connection, prompts_class(connection, self._failures)
        return self._connected

    async def _events(self, request: ChatRequest) -> AsyncGenerator[RemoteEvent, None]:
        connection, prompts = await self._connection()
        from components.models.tgi_wire import TgiEvents, generation_body

        prompt = await prompts.render(request.messages)
        body = generation_body(request, prompt.text)
        reader = TgiEvents(self._failures, prompt.tokens)
        special = request.response_schema is not None
        async with aclosing(connection.events("/generate_stream", body, special=special)) as events:
            async for event in events:
                yield reader.read(event)


def _imported() -> tuple[type[TgiConnection], type[TgiPrompts]]:
    from components.models.tgi_connection import TgiConnection
    from components.models.tgi_prompts import TgiPrompts

    return TgiConnection, TgiPrompts
