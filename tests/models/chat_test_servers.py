"""Test servers for chat models, over real sockets: OpenAI's protocol and TGI's on a tiny model, and a faulty one.

    with openai_server(folder) as server:       # server.url ends in /v1
    with tgi_server(folder) as server:          # server.url is the root
    with faulty_server("openai", "silence") as server:

Each gives a ChatServer, which counts its calls and the requests that were given up before their end. The first two
generate for real; they are no TGI and no vLLM, only their wire formats.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.models.chat_faulty_server import faulty_server
from tests.models.chat_server import FAULTS, OTHER_TEXT, PIECES, TEXT, ChatServer, Fault, Protocol

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = [
    "FAULTS",
    "OTHER_TEXT",
    "PIECES",
    "TEXT",
    "ChatServer",
    "Fault",
    "Protocol",
    "faulty_server",
    "openai_server",
    "tgi_server",
]


@contextmanager
def openai_server(folder: Path, *, key: str | None = None) -> Iterator[ChatServer]:
    """POST /v1/chat/completions and GET /v1/models over the tiny model in `folder`. key: the bearer it insists on."""
    from tests.models.chat_openai_app import openai_app
    from tests.models.tiny_generation import TinyGeneration

    server = ChatServer()
    with _served(openai_app(TinyGeneration(folder), server, key)) as root:
        server.url = f"{root}/v1"
        yield server


@contextmanager
def tgi_server(folder: Path, *, template: bool = True, begins: str = "") -> Iterator[ChatServer]:
    """TGI's routes over the tiny model in `folder`: /, /generate, /generate_stream, /health, /info, /tokenize,
    /chat_tokenize and /v1/chat/completions. template: False for a model without a template. begins: a
    special token that its tokenizer puts before every prompt, and its template too."""
    from tests.models.chat_tgi_app import tgi_app
    from tests.models.tiny_generation import TinyGeneration

    server = ChatServer()
    with _served(tgi_app(TinyGeneration(folder), server, template=template, begins=begins)) as root:
        server.url = root
        yield server


@contextmanager
def _served(app: FastAPI) -> Iterator[str]:
    import uvicorn

    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="chat test server")
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the chat test server did not start")
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)
