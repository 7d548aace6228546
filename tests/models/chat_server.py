"""What a test learns from a chat test server that runs, and what it may make it do."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from fastapi import Request

Protocol = Literal["openai", "tgi"]
Fault = Literal[
    "none",  # well behaved
    "silence",  # takes the request and says nothing
    "pause",  # two pieces, then silence
    "overloaded",  # 429, Retry-After: 7
    "busy_until",  # 503, Retry-After: a date 9 s after its Date
    "error",  # 500
    "html",  # 502 from a proxy, a page of HTML
    "unauthorized",  # 401 that repeats the key
    "unknown_model",  # 404
    "too_long",  # 400 or 422: more than the context
    "bad_request",  # 400 or 422 for another reason
    "redirect",  # 307 to itself
    "refuses_stream_options",  # 400 that names it, where it was sent; see `refuses`
    "cut",  # two pieces, then the end without a last event
    "reset",  # two pieces, then the connection breaks
    "invalid_json",
    "not_utf8",
    "wrong_shape",  # JSON, but no chunk
    "error_event",  # two pieces, then an error as an event
    "byte_by_byte",
    "split_surrogates",  # one character as two escapes in two events
    "wrong_counts",  # see `counts`
    "no_counts",
    "crossed",  # a piece of another stream among its own
    "huge_line",
    "endless",  # never stops writing
    "stop_left_in",  # the stop sequence, in pieces, and text after it
    "empty",  # ends at once
    "other_text",  # a whole, well-formed answer to somebody else's question
    "compressed",  # Content-Encoding: gzip, a bomb
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
PIECES = ("Refunds take ", "five days", " – naïve ", "😰", " [1].")
TEXT = "".join(PIECES)
OTHER_TEXT = "Dear Mr Baxter, your balance is 4,711 euros."


@dataclass
class ChatServer:
    """What a test learns from a running server, and may change. cancelled: requests given up before their end.

    requests: body and headers (lower case) of each generation, in order. fault: what happens to the next one, or,
    where faulty_calls is set, to the next so many. counts: input and output tokens that `wrong_counts` tells. refuses:
    the parameters that `refuses_stream_options` names, one at a time.
    """

    url: str = ""
    fault: Fault = "none"
    faulty_calls: int | None = None
    counts: tuple[Any, Any] = (7, 7_000_000)
    refuses: tuple[str, ...] = ("stream_options",)
    between_pieces: float = 0.0
    calls: int = 0
    cancelled: int = 0
    requests: list[tuple[dict[str, Any], dict[str, str]]] = field(default_factory=list)

    def record(self, body: dict[str, Any], headers: dict[str, str]) -> None:
        self.calls += 1
        self.requests.append((body, headers))

    def wait_cancelled(self, count: int = 1, seconds: float = 10.0) -> bool:
        """Whether so many requests were given up, waiting for it that long. Blocks: not for an event loop."""
        end = time.monotonic() + seconds
        while self.cancelled < count and time.monotonic() < end:
            time.sleep(0.01)
        return self.cancelled >= count

    async def watch(self, request: Request, events: AsyncIterator[str]) -> AsyncIterator[str]:
        """The events, until the client has gone."""
        finished = False
        try:
            async for event in events:
                if await request.is_disconnected():
                    return
                yield event
            finished = True
        finally:
            self.cancelled += not finished

    def take_fault(self) -> Fault:
        if self.faulty_calls is None:
            return self.fault
        self.faulty_calls -= 1
        return self.fault if self.faulty_calls >= 0 else "none"
