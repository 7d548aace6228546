"""A test server that speaks the OpenAI protocol and says what a test has written for it: no model is behind it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Script:
    """pieces: of the text. calls: (name, arguments) of the functions to call. status: other than 200 instead.
    pause: seconds before each piece. retry_after: a header of that name."""

    pieces: tuple[str, ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    status: int = 200
    pause: float = 0.0
    retry_after: str | None = None
    cut: bool = False


@dataclass
class ScriptedServer:
    """requests: bodies that came, in order. reply: what is said to each; without it scripts, said one after another,
    and then `script` for ever. left: set when a caller hung up before the end."""

    url: str = ""
    script: Script = Script()
    scripts: list[Script] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    reply: Callable[[dict[str, Any]], Script] | None = None
    left: threading.Event = field(default_factory=threading.Event)

    def says(self, *pieces: str, **more: Any) -> None:
        self.script = Script(pieces, **more)

    def catalogue(self, folder: Path, *, price: float = 2.0) -> Path:
        """A models file with this server as `scripted`, and a second name for it."""
        entries = [
            f"  - {{name: {name}, provider: openai, model: scripted, base_url: '{self.url}/v1', local: {local},\n"
            f"     price: {{input: {price}, output: {price * 2}}}}}\n"
            for name, local in (("scripted", "false"), ("scripted-small", "true"))
        ]
        path = folder / "models.yaml"
        path.write_text("currency: EUR\nmodels:\n" + "".join(entries))
        return path


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    """Serves on a free port of this machine until the end."""
    served = ScriptedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._json(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served.requests.append(body)
            if served.reply is not None:
                script = served.reply(body)
            else:
                script = served.scripts.pop(0) if served.scripts else served.script
            if script.status != 200:
                self._json(script.status, {"error": {"message": "scripted failure"}}, script.retry_after)
                return
            try:
                self._stream(script)
            except OSError:
                served.left.set()

        def _stream(self, script: Script) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for piece in script.pieces:
                if script.pause:
                    time.sleep(script.pause)
                self._event([{"index": 0, "delta": {"content": piece}, "finish_reason": None}])
            for number, (name, arguments) in enumerate(script.calls):
                call = {"index": number, "id": f"call-{number}", "type": "function"}
                call["function"] = {"name": name, "arguments": arguments}
                self._event([{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": None}])
            if script.cut:
                return
            reason = "tool_calls" if script.calls else "stop"
            self._event([{"index": 0, "delta": {}, "finish_reason": reason}])
            usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
            self._event([], usage=usage)
            self._line("[DONE]")

        def _event(self, choices: list[dict[str, Any]], **more: Any) -> None:
            chunk = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
            self._line(json.dumps({**chunk, "choices": choices, **more}))

        def _line(self, data: str) -> None:
            self.wfile.write(f"data: {data}\n\n".encode())
            self.wfile.flush()

        def _json(self, status: int, value: Any, retry_after: str | None = None) -> None:
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
