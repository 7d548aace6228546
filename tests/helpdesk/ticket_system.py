"""A test server that is an external ticket system: it checks each signature, and answers as a test tells it to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """pause: seconds before each byte of its headers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0


@dataclass
class TicketSystem:
    """events: bodies that came with a good signature, once for each webhook-id. calls: all that came. replies: what it
    answers first; then 200."""

    secret: bytes
    url: str = ""
    replies: list[Reply] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)
    events: dict[str, Any] = field(default_factory=dict)
    forged: int = 0

    def takes(self, headers: dict[str, str], body: bytes) -> Reply:
        """As the specification tells receivers to verify."""
        self.calls.append(headers)
        if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
            return Reply(400)
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(self.secret, signed, hashlib.sha256).digest()).decode()
        if headers["webhook-signature"] != f"v1,{expected}":
            self.forged += 1
            return Reply(401)
        reply = self.replies.pop(0) if self.replies else Reply()
        if reply.status == 200:
            self.events[headers["webhook-id"]] = json.loads(body)
        return reply


@contextmanager
def ticket_system(secret: bytes) -> Iterator[TicketSystem]:
    """Serves on a free port of this machine until the end."""
    served = TicketSystem(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = served.takes({name.lower(): value for name, value in self.headers.items()}, body)
            lines = [f"HTTP/1.1 {reply.status} Said", "Content-Length: 0"]
            lines += [f"{name}: {value}" for name, value in reply.headers.items()]
            try:
                for byte in ("\r\n".join(lines) + "\r\n\r\n").encode():
                    if reply.pause:
                        time.sleep(reply.pause)
                    self.wfile.write(bytes([byte]))
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/in"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
