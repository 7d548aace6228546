"""The MCP client's way out: to its own server only, at an address that was checked, and for answers of bounded size."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

from components.outbound.addresses import checked_addresses
from components.outbound.http_call import trusted


class CheckedTransport(httpx2.AsyncBaseTransport):
    """status: of the latest answer, since the protocol's client does not tell it; 0 before one."""

    def __init__(self, url: str, *, private: bool, largest: int) -> None:
        """url: of the server; no other host is called. largest: bytes of one answer."""
        self._host, self._private, self._largest = httpx2.URL(url).host, private, largest
        self._inner = httpx2.AsyncHTTPTransport(verify=trusted(), trust_env=False)
        self.status = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Raises AddressNotAllowed, and TransportError for a redirect, wherever it leads."""
        url = request.url
        if url.host != self._host:
            raise httpx2.UnsupportedProtocol(f"only {self._host} is called", request=request)
        port = url.port or (443 if url.scheme == "https" else 80)
        name = url.raw_host.decode()
        addresses = await checked_addresses(name, port, private=self._private)
        request.extensions = {**request.extensions, "sni_hostname": name}
        request.headers["Accept-Encoding"] = "identity"
        try:
            response = await self._at(request, url, addresses)
        finally:
            request.url = url
        self.status = response.status_code
        if 300 <= response.status_code < 400:
            await response.aclose()
            raise httpx2.RemoteProtocolError("it redirects, and redirects are not followed", request=request)
        return httpx2.Response(
            response.status_code,
            headers=response.headers,
            stream=_Bounded(response, self._largest),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _at(self, request: httpx2.Request, url: httpx2.URL, addresses: list[str]) -> httpx2.Response:
        for place, address in enumerate(addresses, start=1):
            request.url = url.copy_with(host=address)
            try:
                return await self._inner.handle_async_request(request)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if place == len(addresses):
                    raise
        raise httpx2.ConnectError(f"the name {url.host} has no address", request=request)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, response: httpx2.Response, largest: int) -> None:
        self._response, self._largest = response, largest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        assert isinstance(self._response.stream, httpx2.AsyncByteStream)
        async for chunk in self._response.stream:
            read += len(chunk)
            if read > self._largest:
                raise httpx2.ReadError(f"the answer has more than {self._largest} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()
