"""One HTTP exchange with Rasa that ends at its deadline, whatever the server does."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpcore

from components.core.errors import InvalidSetting, NluUnavailable

LARGEST_ANSWER = 1_000_000
_CONNECTIONS = 16
_PIECE = 65_536


@dataclass(frozen=True)
class RasaAnswer:
    """An HTTP status and the body that came with it."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body. Raises ValueError where it is not JSON."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("JSON nested too deeply") from error


class RasaHttp:
    """Kept-alive connections to one Rasa. Thread-safe.

    url: http:// or https://, where a token may stand as the password (`http://:token@127.0.0.1:5005`); Rasa wants it as
    the parameter `token` (`rasa run --auth-token`). `address` is the URL without it, for people to read.
    """

    def __init__(self, url: str) -> None:
        """Raises InvalidSetting for a URL that is none, without saying its token."""
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
        except ValueError as error:
            raise InvalidSetting("Rasa's URL cannot be read; http://host:port is allowed", field="rasa_url") from error
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            shown = f"{parts.scheme}://{host or ''}"
            raise InvalidSetting(f"Rasa's URL {shown!r}…: http://host:port is allowed", field="rasa_url")
        named = f"[{host}]" if ":" in host else host
        self.address = f"{parts.scheme}://{named}{f':{port}' if port else ''}{parts.path.rstrip('/')}"
        self._query = f"?token={quote(unquote(parts.password), safe='')}" if parts.password else ""
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context() if parts.scheme == "https" else None,
            max_connections=_CONNECTIONS,
            network_backend=_Network(httpcore.SyncBackend()),
        )

    def exchange(self, method: str, path: str, content: object = None, *, deadline: float) -> RasaAnswer:
        """One request with `content` as JSON, answered within `deadline` seconds, connecting and waiting for a free
        connection included. Raises NluUnavailable."""
        end = time.monotonic() + deadline
        # The backend below reads them as moments, not as durations; the pool waits before it comes to that.
        until = {"connect": end, "read": end, "write": end, "pool": max(deadline, 0.001)}
        try:
            with self._pool.stream(
                method,
                f"{self.address}{path}{self._query}",
                headers={"content-type": "application/json", "accept": "application/json"},
                content=json.dumps(content).encode() if content is not None else None,
                extensions={"timeout": until},
            ) as response:
                body = bytearray()
                for piece in response.iter_stream():
                    body += piece
                    if len(body) > LARGEST_ANSWER:
                        raise NluUnavailable(f"{self._named} gave more than {LARGEST_ANSWER:,} bytes")
                return RasaAnswer(response.status, bytes(body))
        except httpcore.TimeoutException as error:
            raise NluUnavailable(f"{self._named} gave no answer within {deadline:g} s") from error
        except httpcore.NetworkError as error:
            raise NluUnavailable(f"{self._named} cannot be reached: {error or type(error).__name__}") from error
        except (httpcore.ProtocolError, httpcore.ProxyError, httpcore.UnsupportedProtocol) as error:
            raise NluUnavailable(f"{self._named} broke off or spoke no HTTP: {error}") from error

    def close(self) -> None:
        """Ends all connections."""
        self._pool.close()

    @property
    def _named(self) -> str:
        return f"Rasa at {self.address}"


class _Network(httpcore.NetworkBackend):
    """Reads the time-outs of httpcore as moments of the monotonic clock, so that a server which sends a byte now and
    then cannot begin them anew each time."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._backend.connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(min(max_bytes, _PIECE), _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(until: float | None, timed_out: type[httpcore.TimeoutException]) -> float | None:
    if until is None:
        return None
    left = until - time.monotonic()
    if left <= 0:
        raise timed_out()
    return left
