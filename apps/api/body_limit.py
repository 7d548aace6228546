"""A bound on request bodies, so that nobody fills the memory with a question."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """ASGI middleware: reading a body past `limit` bytes, declared or streamed, ends in HTTPException 413.

    Paths below `exempt` pass: what is mounted there bounds its own uploads.
    """

    def __init__(self, app: ASGIApp, limit: int, exempt: str) -> None:
        self._app = app
        self._limit = limit
        self._exempt = exempt

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self._exempt):
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        declared = int(length[:19]) if length.isdecimal() else 0
        too_large = HTTPException(413, f"The body may hold at most {self._limit} bytes.")
        read = 0

        async def receive_bounded() -> Message:
            nonlocal read
            if declared > self._limit:
                raise too_large
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                raise too_large
            return message

        await self._app(scope, receive_bounded, send)
