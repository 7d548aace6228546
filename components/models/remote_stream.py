"""From a server's events to text and a completion, inside deadlines, whatever protocol the events came by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass

from components.core.chat_model import ChatRequest, Completion, FinishReason
from components.core.model_catalogue import ModelDeclaration
from components.models.remote_errors import RemoteFailures
from components.models.text_pieces import TextPieces
from components.models.token_counts import checked_counts
from components.models.tool_call_parts import ToolCallPart, ToolCallParts

LONGEST_TOKEN = 256  # characters; more than this for each token allowed, and the server does not heed max_tokens
_FOR_COUNTS = 1.0  # seconds that a finished text waits for the server's token counts
_FOR_CLOSING = 2.0


@dataclass(frozen=True)
class RemoteEvent:
    """One event of a server's stream. hidden: text that it thought and that is not shown. finish: on the last event
    of the text; counts may follow. input_tokens, output_tokens: as the server put them, None where it did not."""

    text: str = ""
    tool_parts: tuple[ToolCallPart, ...] = ()
    hidden: str = ""
    finish: FinishReason | None = None
    input_tokens: object = None
    output_tokens: object = None
    hidden_tokens: int = 0


class RemoteStreams:
    """The streams of one model, in one event loop."""

    def __init__(self, declaration: ModelDeclaration, failures: RemoteFailures) -> None:
        self._declaration, self._failures = declaration, failures
        self._waits: set[asyncio.Timeout] = set()
        self._closed = False

    async def complete(
        self, events: AsyncGenerator[RemoteEvent, None], request: ChatRequest
    ) -> AsyncIterator[str | Completion]:
        """Pieces, then the Completion. Closes `events` at the end, which must stop the request. Raises what
        ChatModel.stream does."""
        whole = min(request.deadline, self._declaration.deadline)
        began = asyncio.get_running_loop().time()
        draft = _Draft(request, self._failures)
        try:
            async with aclosing(self._in_time(events, draft, began, whole)) as in_time:
                async for event in in_time:
                    piece = draft.take(event)
                    if piece:
                        yield piece
                    if draft.runs_on:
                        break
            last = draft.end()
        finally:
            # A server that does not let go is left behind: the deadline is the caller's.
            with suppress(TimeoutError):
                async with asyncio.timeout(_FOR_CLOSING):
                    await events.aclose()
        if last:
            yield last
        yield draft.completion(self._declaration.name)

    async def _in_time(
        self, events: AsyncGenerator[RemoteEvent, None], draft: _Draft, began: float, whole: float
    ) -> AsyncGenerator[RemoteEvent, None]:
        loop = asyncio.get_running_loop()
        first = min(self._declaration.first_text, whole)
        while True:
            seconds = whole if draft.started else first
            until = began + seconds
            if draft.finish is not None:
                until = min(until, loop.time() + _FOR_COUNTS)
            try:
                event = await self._wait(events, until)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                if self._closed:
                    raise self._failures.closed() from error
                if draft.finish is not None:
                    return
                raise self._failures.timed_out("end" if draft.started else "text", seconds) from error
            yield event

    async def _wait(self, events: AsyncGenerator[RemoteEvent, None], until: float) -> RemoteEvent:
        self.refuse_closed()
        async with asyncio.timeout_at(until) as wait:
            self._waits.add(wait)
            try:
                return await anext(events)
            finally:
                self._waits.discard(wait)

    def refuse_closed(self) -> None:
        """Raises ModelUnavailable after `close`."""
        if self._closed:
            raise self._failures.closed()

    def close(self) -> None:
        """Ends the streams under way, and lets no other begin, with ModelUnavailable. From their event loop."""
        self._closed = True
        for wait in self._waits:
            if not wait.expired():
                wait.reschedule(asyncio.get_running_loop().time())


class _Draft:
    """What one stream has said so far."""

    def __init__(self, request: ChatRequest, failures: RemoteFailures) -> None:
        self._request, self._failures = request, failures
        self._pieces = TextPieces(request.stop)
        self._calls = ToolCallParts()
        self._shown: list[str] = []
        self._written: list[str] = []
        self._length = 0
        self._input: object = None
        self._output: object = None
        self._hidden = 0
        self.started = self.runs_on = False
        self.finish: FinishReason | None = None

    def take(self, event: RemoteEvent) -> str:
        """The text to pass on. Raises ModelMisbehaved where the server does not stop writing."""
        grown = event.text + event.hidden + "".join(part.name + part.arguments for part in event.tool_parts)
        self._length += len(grown)
        if self._length > LONGEST_TOKEN * (self._request.max_tokens + 16):
            raise self._failures.misbehaved(
                f"{self._length} characters where {self._request.max_tokens} tokens were allowed"
            )
        # A server that heeds the stop sequence ends after it and tells its counts; one that writes on is cut off.
        self.runs_on = self._pieces.stopped and bool(event.text)
        if self.runs_on:
            self.finish = "stop"
            return ""
        if grown:
            self._written.append(grown)
        for part in event.tool_parts:
            self._calls.add(part)
        self.finish = event.finish or self.finish
        self._input = event.input_tokens if event.input_tokens is not None else self._input
        self._output = event.output_tokens if event.output_tokens is not None else self._output
        self._hidden = event.hidden_tokens or self._hidden
        piece = self._pieces.feed(event.text) if event.text else ""
        self.started = self.started or bool(piece or event.tool_parts)
        return self._show(piece)

    def end(self) -> str:
        """The text that was held back. Raises ModelMisbehaved where the stream broke off."""
        if self._pieces.stopped:
            self.finish = "stop"
        if self.finish is None:
            raise self._failures.misbehaved("the stream ends without its last event")
        return self._show(self._pieces.finish())

    def completion(self, model: str) -> Completion:
        written = "".join(self._written)
        counts = checked_counts(
            self._input,
            self._output,
            prompt=read_by_server(self._request),
            written=written,
            max_tokens=self._request.max_tokens,
            hidden=self._hidden,
        )
        calls = self._calls.finished(self._failures)
        finish: FinishReason = "tool_calls" if calls else self.finish or "stop"
        return Completion(
            "".join(self._shown), model, counts.input, counts.output, finish, calls, estimated=counts.estimated
        )

    def _show(self, piece: str) -> str:
        if piece:
            self._shown.append(piece)
        return piece


def read_by_server(request: ChatRequest) -> str:
    """All the text of a request, to estimate its tokens by."""
    parts = [f"{message.role}\n{message.content}" for message in request.messages]
    parts += [f"{call.name}{call.arguments}" for message in request.messages for call in message.tool_calls]
    parts += [f"{tool.name}{tool.description}{tool.parameters}" for tool in request.tools]
    parts += [str(request.response_schema)] if request.response_schema is not None else []
    return "\n".join(parts)
