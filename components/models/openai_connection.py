"""The openai client as we want it: no redirects, nothing compressed or endless, no key from elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
from openai import AsyncOpenAI, DefaultAsyncHttpx2Client

from components.core.model_catalogue import ModelDeclaration
from components.models.remote_errors import RemoteFailures

MAX_RESPONSE_BYTES = 32 * 1024 * 1024


class _BoundedBody(httpx2.AsyncByteStream):
    """A response's bytes, up to MAX_RESPONSE_BYTES: the client itself holds any line in memory."""

    def __init__(self, body: httpx2.AsyncByteStream, failures: RemoteFailures) -> None:
        self._body, self._failures = body, failures
        self._read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._body:
            self._read += len(data)
            if self._read > MAX_RESPONSE_BYTES:
                raise self._failures.misbehaved(f"its answer is longer than {MAX_RESPONSE_BYTES} bytes")
            yield data

    async def aclose(self) -> None:
        await self._body.aclose()


def connect(declaration: ModelDeclaration, failures: RemoteFailures) -> AsyncOpenAI:
    """A client for one event loop. Retries belong to the gateway, and time-outs to the stream."""

    async def bound(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise failures.misbehaved("its answer is compressed, which was not asked for")
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _BoundedBody(response.stream, failures)

    return AsyncOpenAI(
        base_url=declaration.base_url,
        # An empty organisation keeps the client from taking one out of the environment.
        api_key=declaration.api_key or "none",
        organization="",
        project="",
        max_retries=0,
        timeout=None,
        default_headers={"Accept-Encoding": "identity"},
        http_client=DefaultAsyncHttpx2Client(follow_redirects=False, timeout=None, event_hooks={"response": [bound]}),
    )
