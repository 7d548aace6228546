"""Bounds on request bodies, so that nobody fills the memory with a question or never ends one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class LargerBody:
    """Paths that match as a whole may carry so many bytes instead."""

    path: re.Pattern[str]
    limit: int


class BodyLimit:
    """ASGI middleware: reading a body past `limit` bytes, declared or streamed, ends in HTTPException 413,
    and a pause of more than `seconds` within one in 408.

    Paths that begin as `exempt` has it pass: what is mounted there bounds its own uploads.
    """

    def __init__(
        self,
        app: ASGIApp,
        limit: int,
        seconds: float,
        exempt: re.Pattern[str],
        larger: Sequence[LargerBody] = (),
    ) -> None:
        self._app = app
        self._limit = limit
        self._seconds = seconds
        self._exempt = exempt
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._exempt.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        declared = int(length[:19]) if length.isdecimal() else 0
        limit = next((each.limit for each in self._larger if each.path.fullmatch(scope["path"])), self._limit)
        too_large = HTTPException(413, f"The body may hold at most {limit} bytes.")
        read, complete = 0, False

        async def receive_bounded() -> Message:
            nonlocal read, complete
            if declared > limit:
                raise too_large
            try:
                # After the body the same call waits for the caller to hang up, and may wait for long.
                message = await asyncio.wait_for(receive(), None if complete else self._seconds)
            except TimeoutError as error:
                raise HTTPException(408, f"The body did not go on for {self._seconds:g} s.") from error
            complete = not message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > limit:
                raise too_large
            return message

        await self._app(scope, receive_bounded, send)
