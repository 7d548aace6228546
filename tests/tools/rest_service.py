"""A test server that is somebody's REST service: a small shop, and whatever a test has it answer instead."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TOKEN = "s3cret-token"

DOCUMENT = """
openapi: 3.0.3
info: {title: Shop, version: '1.0'}
servers: [{url: 'SERVER/v1'}]
security: [{token: []}]
paths:
  /orders/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, maxLength: 40}}
    get:
      operationId: getOrder
      summary: Looks up an order.
      parameters:
        - {name: fields, in: query, schema: {type: array, items: {type: string}}}
        - {name: X-Reason, in: header, schema: {type: string}}
      responses:
        '200':
          description: It.
          content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
    delete:
      operationId: deleteOrder
      responses: {'204': {description: Gone.}}
  /orders:
    post:
      operationId: createOrder
      summary: Places an order.
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
      responses: {'201': {description: Placed.}}
  /orders/{id}/refund:
    post:
      operationId: refundOrder
      description: Pays an order back.
      x-helpdesk-side-effect: money
      x-helpdesk-idempotent: true
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [amount, id]
              properties:
                amount: {type: number, minimum: 0, exclusiveMinimum: true}
                id: {type: string, description: Of the refund.}
      responses: {'200': {description: Paid.}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
  schemas:
    Order:
      type: object
      required: [number, item]
      properties:
        number: {type: string, readOnly: true}
        item: {type: string, minLength: 1}
        quantity: {type: integer, minimum: 1, nullable: true}
        gift: {$ref: '#/components/schemas/Gift'}
    Gift:
      type: object
      properties:
        note: {type: string, pattern: '^(a+)+$'}
        inside: {$ref: '#/components/schemas/Gift'}
"""


@dataclass(frozen=True)
class Reply:
    """pause: seconds before it. hang_up: the connection is closed instead."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    hang_up: bool = False


@dataclass(frozen=True)
class Heard:
    """headers: names in lower case."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: Any


@dataclass
class RestService:
    """heard: all that was asked. replies: what it answers first. orders, refunds: by number, by Idempotency-Key."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    orders: dict[str, Any] = field(default_factory=dict)
    refunds: dict[str, Any] = field(default_factory=dict)

    def answer(self, heard: Heard) -> Reply:
        self.heard.append(heard)
        if self.replies:
            reply = self.replies.pop(0)
            if reply.hang_up:
                self._act(heard)
            return reply
        if heard.headers.get("authorization") != f"Bearer {TOKEN}":
            return told(401, {"detail": f"not {heard.headers.get('authorization')}"})
        return self._act(heard)

    def _act(self, heard: Heard) -> Reply:
        parts = heard.path.removeprefix("/v1/").split("/")
        if heard.method == "POST" and parts == ["orders"]:
            number = f"A{len(self.orders) + 1}"
            self.orders[number] = {**heard.body, "number": number}
            return told(201, self.orders[number])
        if parts[1] not in self.orders:
            return told(404, {"error": {"message": f"there is no order {parts[1]}; token {TOKEN}"}})
        if heard.method == "DELETE":
            del self.orders[parts[1]]
            return Reply(204, b"")
        if parts[2:] == ["refund"]:
            paid = self.refunds.setdefault(heard.headers["idempotency-key"], {"paid": heard.body["amount"]})
            return told(200, paid)
        return told(200, self.orders[parts[1]])

    @property
    def document(self) -> str:
        return DOCUMENT.replace("SERVER", self.url)


def told(status: int, body: Any) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


@contextmanager
def rest_service() -> Iterator[RestService]:
    """Serves on a free port of this machine until the end."""
    service = RestService()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            reply = service.answer(
                Heard(
                    self.command,
                    parts.path,
                    parse_qsl(parts.query, keep_blank_values=True),
                    {name.lower(): value for name, value in self.headers.items()},
                    json.loads(sent) if sent else None,
                )
            )
            time.sleep(reply.pause)
            if reply.hang_up:
                self.close_connection = True
                return
            try:
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)
            except OSError:
                pass

        do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    service.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
