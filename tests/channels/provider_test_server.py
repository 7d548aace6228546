"""A small HTTP server that a provider's API is built on in tests: it remembers what it took, and fails when told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Call:
    """One request. form: of its body, where it is one."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass(frozen=True)
class Delivered:
    """What a customer sees. key: what the sender gave along."""

    to: str
    text: str
    provider_id: str
    raw: Any
    key: str = ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever calls may hang up: the tests see to what comes of it."""


class ProviderServer:
    """Subclasses answer calls. down: what every call is answered while it is set. planned: what the next calls are
    answered. cut: how many calls that send are taken, but never answered. lost: how many are not even taken."""

    def __init__(self) -> None:
        self.delivered: list[Delivered] = []
        self.calls: list[Call] = []
        self.planned: deque[Reply] = deque()
        self.down: Reply | None = None
        self.cut = self.lost = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, call: Call) -> Reply:
        raise NotImplementedError

    def sends(self, call: Call) -> bool:
        """Whether the call sends a message."""
        raise NotImplementedError

    def _handled(self, call: Call) -> Reply | None:
        """None = the connection is cut."""
        with self._lock:
            self.calls.append(call)
            if self.planned and self.sends(call):
                return self.planned.popleft()
            if self.down is not None:
                return self.down
            if self.lost and self.sends(call):
                self.lost -= 1
                return None
            reply = self.answer(call)
            if self.cut and self.sends(call):
                self.cut -= 1
                return None
            return reply

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._serve()

            def do_POST(self) -> None:
                self._serve()

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = Call(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body)
                reply = provider._handled(call)
                if reply is None:
                    self.close_connection = True
                    return
                content = reply.raw if reply.raw is not None else json.dumps(reply.body or {}).encode()
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Tests look at `calls`."""

        return Handler
