"""One HTTP call to an address that was checked: within a deadline, to its end, wherever the answer would lead."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from components.core.errors import AnswerLost, Unreachable
from components.outbound.addresses import checked_addresses

_SENT = "http11.send_request_headers.started"


@dataclass(frozen=True)
class HttpCall:
    """url: absolute, http or https. headers: Host and lengths are filled in."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def host(self) -> str:
        return httpx.URL(self.url).host


@dataclass(frozen=True)
class HttpAnswer:
    """headers: names in lower case. cut: the body is longer than what was read of it, and none is given."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    cut: bool = False


async def call_http(call: HttpCall, *, private: bool, seconds: float, largest: int = 0) -> HttpAnswer:
    """The answer, redirects too: none is followed, and proxies of the environment are not asked.

    private: as `checked_addresses` has it. seconds: for all of it. largest: bytes of a body that is read.
    Raises AddressNotAllowed, Unreachable where nothing was sent, AnswerLost where it was, and no answer came.
    """
    sent = False

    async def watch(event: str, _: Mapping[str, Any]) -> None:
        nonlocal sent
        sent = sent or event == _SENT

    target = httpx.URL(call.url)
    try:
        async with asyncio.timeout(seconds):
            port = target.port or (443 if target.scheme == "https" else 80)
            addresses = await checked_addresses(target.raw_host.decode(), port, private=private)
            return await _call(call, target, addresses, watch, seconds, largest)
    except (TimeoutError, httpx.TimeoutException) as error:
        told = f"{target.host} did not answer within {seconds:g} s"
        raise (AnswerLost(told) if sent else Unreachable(told)) from error
    except (OSError, httpx.HTTPError) as error:
        told = f"{target.host} cannot be reached: {error or type(error).__name__}"
        raise (AnswerLost(told) if sent else Unreachable(told)) from error


async def _call(
    call: HttpCall, target: httpx.URL, addresses: list[str], watch: Any, seconds: float, largest: int
) -> HttpAnswer:
    # Compressed answers could be of any size, whatever their bytes.
    headers = {"Accept-Encoding": "identity", **call.headers, "Host": target.netloc.decode()}
    # Shorter to connect: a handshake that is cancelled from outside would leave its socket behind.
    patience = httpx.Timeout(seconds, connect=seconds / 2)
    async with httpx.AsyncClient(trust_env=False, timeout=patience, verify=trusted()) as client:
        for place, address in enumerate(addresses, start=1):
            request = client.build_request(
                call.method,
                target.copy_with(host=address),
                content=call.body or None,
                headers=headers,
                extensions={"sni_hostname": target.raw_host.decode(), "trace": watch},
            )
            try:
                response = await client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if place == len(addresses):
                    raise
                continue
            try:
                return await _read(response, largest)
            finally:
                await response.aclose()
    raise OSError(f"the name {target.host} has no address")


async def _read(response: httpx.Response, largest: int) -> HttpAnswer:
    body = bytearray()
    if largest:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > largest:
                return HttpAnswer(response.status_code, dict(response.headers), cut=True)
    return HttpAnswer(response.status_code, dict(response.headers), bytes(body))


@cache
def trusted() -> ssl.SSLContext:
    """Whom we believe to be who they say: made once a process, since it takes a while."""
    return httpx.create_ssl_context(trust_env=False)
