"""A test server that says what a test tells it to, over OpenAI's protocol and a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class ScriptedServer:
    """pieces: what every answer is made of. cut: whether the connection breaks off after them. pause: seconds
    before each piece but the first. asked: the messages of each request. abandoned: answers nobody waited for."""

    url: str = ""
    pieces: list[str] = field(default_factory=list)
    cut: bool = False
    pause: float = 0.0
    finish: str = "stop"
    asked: list[str] = field(default_factory=list)
    abandoned: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)


@contextmanager
def scripted_server(*pieces: str) -> Iterator[ScriptedServer]:
    server = ScriptedServer(pieces=list(pieces))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._begin("application/json")
            self.wfile.write(json.dumps({"object": "list", "data": [{"id": "tiny", "object": "model"}]}).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append("\n".join(message["content"] for message in body["messages"]))
            self._begin("text/event-stream")
            try:
                for number, piece in enumerate(server.pieces):
                    if number:
                        server.stopping.wait(server.pause)
                    self._event([{"index": 0, "delta": {"content": piece}, "finish_reason": None}])
                if server.cut:
                    return
                self._event([{"index": 0, "delta": {}, "finish_reason": server.finish}])
                self._event([], usage={"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120})
                self.wfile.write(b"data: [DONE]\n\n")
            except (BrokenPipeError, ConnectionResetError):
                server.abandoned.set()

        def _begin(self, media_type: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", media_type)
            self.send_header("Connection", "close")
            self.end_headers()

        def _event(self, choices: list[dict[str, object]], **more: object) -> None:
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": choices}
            self.wfile.write(f"data: {json.dumps(chunk | more)}\n\n".encode())
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            return

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(
        target=http.serve_forever, kwargs={"poll_interval": 0.02}, name="scripted chat test server"
    )
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_address[1]}/v1"
    try:
        yield server
    finally:
        server.stopping.set()
        http.shutdown()
        http.server_close()
        thread.join(10)
