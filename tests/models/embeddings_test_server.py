"""A test server that speaks OpenAI's POST /embeddings, and the faults that real ones show."""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

DIMENSIONS = 12
Reply = tuple[int, dict[str, str], bytes]


def embedding(text: str) -> list[float]:
    """A vector that depends on the text alone, of length 3."""
    numbers = [byte - 127.5 for byte in hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:DIMENSIONS]]
    return [3 * number / math.hypot(*numbers) for number in numbers]


def well_behaved(body: dict[str, Any]) -> Reply:
    data = [
        {"object": "embedding", "index": index, "embedding": embedding(text)}
        for index, text in enumerate(body["input"])
    ]
    return reply(data, body["model"])


def reply(data: list[dict[str, Any]], model: str = "test") -> Reply:
    return 200, {}, json.dumps({"object": "list", "data": data, "model": model, "usage": {}}).encode()


class EmbeddingsTestServer:
    """`script` answers the next requests, one entry each; after it the server behaves well.
    `silence` seconds pass before each answer; `drip` sends the body byte by byte, that far apart."""

    def __init__(self) -> None:
        self.script: list[Callable[[dict[str, Any]], Reply]] = []
        self.requests: list[tuple[dict[str, Any], dict[str, str]]] = []
        self.silence = self.drip = 0.0
        self._stopped = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                owner.requests.append((body, {key.lower(): value for key, value in self.headers.items()}))
                owner._stopped.wait(owner.silence)
                status, headers, content = (owner.script.pop(0) if owner.script else well_behaved)(body)
                try:
                    self._send(status, headers, content)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status if self.path == "/v1/embeddings" else 404)
                for key, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(key, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                for byte in content if owner.drip else ():
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(owner.drip)
                if not owner.drip:
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
