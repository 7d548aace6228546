"""A chat model behind OpenAI's chat completions: vLLM, Ollama, TGI's Messages API, OpenAI itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from components.core.chat_model import Capability, ChatRequest, Completion
from components.core.errors import HelpdeskError
from components.core.model_catalogue import ModelDeclaration
from components.models.openai_wire import completion_body, event_of, refused_parameter
from components.models.remote_address import remote_address
from components.models.remote_errors import RemoteFailures
from components.models.remote_stream import RemoteEvent, RemoteStreams
from components.models.request_check import refuse_unfit

if TYPE_CHECKING:
    from openai import APIError, AsyncOpenAI, AsyncStream

CHECK_SECONDS = 5.0


class OpenAIChatModel:
    """Keeps core's ChatModel. declaration.base_url ends in the API's root, mostly /v1.

    The openai client is imported with the first call, off the event loop. What a server refuses of the optional
    parameters (stream_options, max_tokens, temperature, top_p, seed) it is not sent again.
    """

    def __init__(self, declaration: ModelDeclaration) -> None:
        """Raises InvalidCatalogue for a base_url that is no address."""
        remote_address(declaration)
        self._declaration = declaration
        self._failures = RemoteFailures(declaration)
        self._streams = RemoteStreams(declaration, self._failures)
        self._refused: set[str] = set()
        self._connected: AsyncOpenAI | None = None
        self._connecting = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._declaration.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({"tools", "schema", "sampling"})

    def stream(self, request: ChatRequest) -> AsyncIterator[str | Completion]:
        """See ChatModel. A chunk under another id than the first ends the stream with ModelMisbehaved: its text
        would be somebody else's."""
        refuse_unfit(request, model=self.name, capabilities=self.capabilities)
        return self._streams.complete(self._events(request), request)

    async def check(self) -> None:
        """Asks for the list of models: every server we know has one."""
        self._streams.refuse_closed()
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self._listed_models()
        except TimeoutError as error:
            raise self._failures.timed_out("list of models", CHECK_SECONDS) from error

    async def close(self) -> None:
        self._streams.close()
        if self._connected is not None:
            await self._connected.close()

    async def _client(self) -> AsyncOpenAI:
        async with self._connecting:
            if self._connected is None:
                self._connected = await asyncio.to_thread(self._connect)
        return self._connected

    def _connect(self) -> AsyncOpenAI:
        from components.models.openai_connection import connect

        return connect(self._declaration, self._failures)

    async def _listed_models(self) -> None:
        client = await self._client()
        from openai import APIError

        try:
            await client.models.list()
        except APIError as error:
            raise self._failure(error, special=False, writing=False) from error
        except ValueError as error:
            raise self._failures.misbehaved(error) from error

    async def _events(self, request: ChatRequest) -> AsyncGenerator[RemoteEvent, None]:
        client = await self._client()
        from openai import APIError

        special = bool(request.tools) or request.response_schema is not None
        stream, ours = None, None
        try:
            stream = await self._opened(client, request)
            async for chunk in stream:
                event = event_of(chunk, self._failures)
                # Some servers leave the first chunk's id empty.
                name = chunk.get("id")
                ours = ours or name
                if name and name != ours:
                    raise self._failures.misbehaved(f"a chunk of {name!r} in the stream {ours!r}")
                yield event
        except APIError as error:
            raise self._failure(error, special=special, writing=stream is not None) from error
        except ValueError as error:
            raise self._failures.misbehaved(f"an event that is no JSON in UTF-8: {error}") from error
        finally:
            if stream is not None:
                await stream.close()

    async def _opened(self, client: AsyncOpenAI, request: ChatRequest) -> AsyncStream[Any]:
        from openai import APIStatusError, AsyncStream

        while True:
            body = completion_body(request, model=self._declaration.model, refused=self._refused)
            try:
                # chat.completions.create builds an unchecked object of each chunk, at many times the price of its JSON.
                return await client.post(
                    "/chat/completions", cast_to=object, body=body, stream=True, stream_cls=AsyncStream[Any]
                )
            except APIStatusError as error:
                refused = refused_parameter(error, body)
                if refused is None:
                    raise
                self._refused.add(refused)

    def _failure(self, error: APIError, *, special: bool, writing: bool) -> HelpdeskError:
        from openai import APIConnectionError, APIStatusError, APITimeoutError

        if isinstance(error.__cause__, HelpdeskError):
            return error.__cause__
        if isinstance(error, APIStatusError):
            reason = error.body.get("message") if isinstance(error.body, dict) else None
            return self._failures.answered(
                error.status_code, reason or error.message, error.response.headers, special=special
            )
        if isinstance(error, APITimeoutError):
            return self._failures.timed_out("connection", self._declaration.first_text)
        if isinstance(error, APIConnectionError):
            reason = error.__cause__ or error.message
            return (
                self._failures.misbehaved(f"the stream breaks off: {reason}")
                if writing
                else self._failures.unreachable(reason)
            )
        overloaded = error.code in ("429", "overloaded", "rate_limit_exceeded") or error.type == "overloaded_error"
        return self._failures.told_while_writing(error.message, overloaded=overloaded)
