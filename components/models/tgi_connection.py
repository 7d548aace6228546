"""One TGI server over HTTP: bounded answers, no redirects, and a stream that stops when it is closed.

text-generation's AsyncClient gives the wire its types, and its transport, aiohttp, does the talking. Its own methods
open a session a call, lose Retry-After, follow redirects, fail with KeyError or ContentTypeError on an error page,
and read chat chunks of a protocol before TGI 2 (0.7.0), so that the requests are made here.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector
from aiohttp.http import HttpProcessingError

from components.core.errors import HelpdeskError
from components.core.model_catalogue import ModelDeclaration
from components.models.remote_address import remote_address
from components.models.remote_errors import RemoteFailures

MAX_RESPONSE_BYTES = 32 * 1024 * 1024
_LONGEST_LINE = 2 * 1024 * 1024  # bytes; the last event holds the whole text
_LONGEST_REFUSAL = 64 * 1024
_STREAMS = 1000


class TgiConnection:
    """For one event loop, in which it is made. Time-outs belong to the caller."""

    def __init__(self, declaration: ModelDeclaration, failures: RemoteFailures) -> None:
        headers = {"Accept-Encoding": "identity"}
        if declaration.api_key:
            headers["Authorization"] = f"Bearer {declaration.api_key}"
        self._root = remote_address(declaration)
        self._failures = failures
        self._session = ClientSession(
            headers=headers,
            connector=TCPConnector(limit=_STREAMS),
            timeout=ClientTimeout(total=None, sock_connect=None),
            read_bufsize=_LONGEST_LINE // 2,
            auto_decompress=False,
        )

    async def get(self, path: str) -> None:
        """Raises ModelUnavailable unless it answers with 200."""
        async with self._answer("GET", path):
            pass

    async def post(self, path: str, body: dict[str, Any], *, allowed: Collection[int] = ()) -> tuple[int, Any]:
        """The status and, where that is 200, the JSON of its answer. Raises as `events` does, except for the
        `allowed` statuses."""
        async with self._answer("POST", path, body, allowed=allowed) as response:
            if response.status != 200:
                return response.status, None
            content = bytearray()
            async for data in response.content.iter_any():
                content += data
                if len(content) > MAX_RESPONSE_BYTES:
                    raise self._failures.misbehaved(f"its answer is longer than {MAX_RESPONSE_BYTES} bytes")
            return 200, json.loads(content)

    async def events(self, path: str, body: dict[str, Any], *, special: bool) -> AsyncGenerator[Any, None]:
        """The JSON of each event. Closing it closes the connection. Raises what RemoteFailures has for an HTTP status
        (special: see there), ModelUnavailable where nobody answers, ModelMisbehaved for anything but such events."""
        async with self._answer("POST", path, body, special=special) as response:
            read = 0
            async for line in response.content:
                read += len(line)
                if read > MAX_RESPONSE_BYTES:
                    raise self._failures.misbehaved(f"its answer is longer than {MAX_RESPONSE_BYTES} bytes")
                name, _, data = line.partition(b":")
                if name == b"data":
                    yield json.loads(data)

    async def close(self) -> None:
        await self._session.close()

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        special: bool = False,
        allowed: Collection[int] = (),
    ) -> AsyncGenerator[ClientResponse, None]:
        writing = False
        try:
            async with self._session.request(method, self._root + path, json=body, allow_redirects=False) as response:
                if response.headers.get("Content-Encoding", "identity") != "identity":
                    raise self._failures.misbehaved("its answer is compressed, which was not asked for")
                if response.status != 200 and response.status not in allowed:
                    raise await self._refusal(response, special)
                writing = True
                yield response
        except (ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            if writing:
                raise self._failures.misbehaved(f"the stream breaks off: {error or type(error).__name__}") from error
            raise self._failures.unreachable(error or type(error).__name__) from error
        except HttpProcessingError as error:
            raise self._failures.misbehaved(f"a line longer than {_LONGEST_LINE} bytes") from error
        except ValueError as error:
            raise self._failures.misbehaved(f"an event that is no JSON in UTF-8: {error}") from error

    async def _refusal(self, response: ClientResponse, special: bool) -> HelpdeskError:
        content = await response.content.read(_LONGEST_REFUSAL)
        try:
            reason = json.loads(content)["error"]
        except (ValueError, KeyError, TypeError):
            reason = content.decode("utf-8", "replace")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return self._failures.answered(response.status, reason, headers, special=special)
