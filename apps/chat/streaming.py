"""A blocking call that hands out text as it goes, turned into an iterator with bounds."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import TypeVar

from components.core.errors import Unavailable

T = TypeVar("T")
Emit = Callable[[str], None]
# None stands behind the last piece.
_Pieces = queue.Queue[str | None]

PIECES_HELD = 64
_LOOKS_UP_EVERY = 0.1


class _Abandoned(Unavailable):
    """Raised in the call's own thread when nobody reads its text any more."""


class TextStreams:
    """Runs calls on a few threads of its own. Close it when the server stops."""

    def __init__(self, threads: int) -> None:
        """threads: calls at once; further ones wait within their deadline."""
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="chat-answer")

    def stream(self, call: Callable[[Emit], T], *, deadline: float) -> Iterator[str | T]:
        """The pieces that `call` emits, those that came meanwhile joined, and then what it returns.

        At most PIECES_HELD pieces wait for a slow reader; then `call` waits in `emit`. Closing the
        iterator, or the deadline (seconds), ends `call` at its next piece. Raises what `call` raises,
        and Unavailable past the deadline.
        """
        end = monotonic() + deadline
        pieces: _Pieces = queue.Queue(PIECES_HELD)
        abandoned = threading.Event()

        def emit(piece: str) -> None:
            while piece and not abandoned.is_set() and monotonic() < end:
                with contextlib.suppress(queue.Full):
                    pieces.put(piece, timeout=_LOOKS_UP_EVERY)
                    return
            if piece:
                raise _Abandoned("nobody reads the answer any more, or its deadline has passed")

        def finish(_: Future[T]) -> None:
            # Where there is no room the reader is not waiting, and asks the future when it has read on.
            with contextlib.suppress(queue.Full):
                pieces.put_nowait(None)

        future = self._submit(call, emit)
        future.add_done_callback(finish)
        try:
            while text := _read(pieces, future, end):
                yield text
            if future.cancelled():
                raise _closed()
            yield future.result()
        finally:
            abandoned.set()
            future.cancel()

    def close(self) -> None:
        """Takes no more calls and drops those that wait; running ones end by themselves."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _submit(self, call: Callable[[Emit], T], emit: Emit) -> Future[T]:
        try:
            return self._executor.submit(call, emit)
        except RuntimeError as error:
            raise _closed() from error


def _closed() -> Unavailable:
    return Unavailable("the chat is closed: the server is stopping")


def _read(pieces: _Pieces, future: Future[T], end: float) -> str:
    """The pieces there are, waiting for the first one; empty once the call is over."""
    texts: list[str] = []
    while True:
        try:
            at_once = texts or future.done()
            piece = pieces.get_nowait() if at_once else pieces.get(timeout=max(0.0, end - monotonic()))
        except queue.Empty:
            if texts or future.done():
                return "".join(texts)
            raise Unavailable("the answer took longer than its deadline") from None
        if piece is None:
            return "".join(texts)
        texts.append(piece)
