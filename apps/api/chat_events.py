"""What a running turn says, kept for one reader who may be slow, and written as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from threading import Lock
from typing import Literal

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from pydantic import BaseModel

from apps.api.chat_types import ChatCitation
from components.dialogue.turn_events import Delta, TurnEvent, Typing

HEARTBEAT = KEEPALIVE_COMMENT
# More than any reply; past it a reader who does not read has the rest from `done`.
MOST_CHARACTERS = 100_000


class TypingTold(BaseModel):
    """The helpdesk is at it."""


class DeltaTold(BaseModel):
    """A further piece of the turn's reply number `reply`, from 0; provisional until `done` replaces it."""

    reply: int
    text: str


class CitationsTold(BaseModel):
    """What the finished reply number `reply` quotes."""

    reply: int
    citations: list[ChatCitation]


class EventBuffer:
    """Takes a turn's events from its thread and hands them to one reader in the event loop that it is made in.

    Nobody waits for the reader: pieces of one reply that it has not read yet are joined, and past MOST_CHARACTERS
    those that follow are dropped.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._lock = Lock()
        self._unread: list[TurnEvent] = []
        self._characters = 0
        self._full = self._ended = False

    def hear(self, event: TurnEvent) -> None:
        """From any thread. After `end` it does nothing."""
        with self._lock:
            if self._ended or self._full:
                return
            first = not self._unread
            self._add(event)
        if first:
            # A turn may outlive the loop of a server that stops.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake.set)

    def end(self) -> None:
        """Nothing more comes. In the event loop."""
        with self._lock:
            self._ended = True
        self._wake.set()

    async def batches(self, heartbeat: float) -> AsyncIterator[tuple[TurnEvent, ...]]:
        """What came since the last one; an empty one after `heartbeat` seconds of silence. Ends with `end`."""
        while True:
            try:
                async with asyncio.timeout(heartbeat):
                    await self._wake.wait()
            except TimeoutError:
                yield ()
                continue
            self._wake.clear()
            with self._lock:
                unread, ended = tuple(self._unread), self._ended
                self._unread.clear()
                self._characters = 0
            if unread:
                yield unread
            if ended:
                return

    def _add(self, event: TurnEvent) -> None:
        if not isinstance(event, Delta):
            if event not in self._unread:
                self._unread.append(event)
            return
        self._characters += len(event.text)
        if self._characters > MOST_CHARACTERS:
            # For good: a piece behind a gap would stand in the wrong place.
            self._full = True
            return
        last = self._unread[-1] if self._unread else None
        if isinstance(last, Delta) and last.reply == event.reply:
            self._unread[-1] = Delta(event.reply, last.text + event.text)
        else:
            self._unread.append(event)


def event_bytes(event: TurnEvent) -> bytes:
    """One of a turn's events on the wire."""
    if isinstance(event, Typing):
        return told("typing", TypingTold())
    return told("delta", DeltaTold(reply=event.reply, text=event.text))


def told(name: Literal["typing", "delta", "citations", "done", "error"], value: BaseModel) -> bytes:
    """An event with this value as JSON."""
    return format_sse_event(event=name, data_str=value.model_dump_json(exclude_none=name == "error"))
