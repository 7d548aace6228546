"""A server of raw sockets that speaks Rasa's HTTP, well or badly on demand, as real ones do."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

FAULTS = (
    "silence",
    "trickled_head",
    "trickled_body",
    "refused_token",
    "error",
    "html",
    "cut",
    "reset",
    "closed",
    "not_json",
    "not_utf8",
    "no_object",
    "deep",
    "endless",
    "no_intent",
    "confidence_above_one",
    "confidence_not_a_number",
    "offset_outside",
    "entity_of_no_value",
    "another_message",
    "redirect",
)


@dataclass
class FaultyRasa:
    """url: with the token. calls: method and path of each request. fault: of POST /model/parse; None = none."""

    url: str = ""
    fault: str | None = None
    model_id: str | None = "model-1"
    version: object = "3.6.21"
    answer: dict[str, Any] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)


def well(text: str, **changes: Any) -> dict[str, Any]:
    """What Rasa 3.6 answers to a text that it takes for small talk."""
    return {
        "text": text,
        "intent": {"name": "chitchat", "confidence": 0.93, "full_retrieval_intent_name": "chitchat/ask_name"},
        "entities": [],
        "text_tokens": [[0, 4]],
        "intent_ranking": [{"name": "chitchat", "confidence": 0.93}, {"name": "greet", "confidence": 0.07}],
        "response_selector": {
            "all_retrieval_intents": ["chitchat"],
            "chitchat": {
                "response": {
                    "responses": [{"text": "hi"}],
                    "confidence": 0.8,
                    "intent_response_key": "chitchat/ask_name",
                },
                "ranking": [{"confidence": 0.8, "intent_response_key": "chitchat/ask_name"}],
            },
        },
        **changes,
    }


@contextmanager
def faulty_rasa(fault: str | None = None, *, token: str = "") -> Iterator[FaultyRasa]:
    """Serves on a free port until the block ends; /version and /status are well."""
    rasa = FaultyRasa(fault=fault)
    listening = socket.create_server(("127.0.0.1", 0))
    rasa.url = f"http://{f':{token}@' if token else ''}127.0.0.1:{listening.getsockname()[1]}"
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            serving = threading.Thread(target=_serve, args=(connection, rasa, token, ended))
            serving.start()
            threads.append(serving)

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield rasa
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        accepting.join(10)
        for thread in threads:
            thread.join(10)


def _serve(connection: socket.socket, rasa: FaultyRasa, token: str, ended: threading.Event) -> None:
    connection.settimeout(0.1)
    with connection:
        rest = b""
        while not ended.is_set():
            try:
                request, rest = _request(connection, rest, ended)
            except (OSError, EOFError):
                return
            try:
                if not _answer(connection, request, rasa, token, ended):
                    return
            except OSError:
                return


def _request(connection: socket.socket, rest: bytes, ended: threading.Event) -> tuple[tuple[str, str, bytes], bytes]:
    while b"\r\n\r\n" not in rest:
        rest += _received(connection, ended)
    head, _, rest = rest.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    method, target, _ = lines[0].split(" ")
    length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length")), 0)
    while len(rest) < length:
        rest += _received(connection, ended)
    return (method, target, rest[:length]), rest[length:]


def _received(connection: socket.socket, ended: threading.Event) -> bytes:
    while not ended.is_set():
        try:
            piece = connection.recv(65_536)
        except TimeoutError:
            continue
        if piece:
            return piece
        break
    raise EOFError


def _answer(
    connection: socket.socket, request: tuple[str, str, bytes], rasa: FaultyRasa, token: str, ended: threading.Event
) -> bool:
    """Whether the connection stays."""
    method, target, body = request
    path, _, query = target.partition("?")
    rasa.calls.append(f"{method} {path}")
    if path == "/version":
        return _send(connection, 200, {"version": rasa.version, "minimum_compatible_version": "3.5.0"})
    if query != (f"token={token}" if token else "") or (rasa.fault == "refused_token" and path == "/model/parse"):
        return _send(connection, 401, {"status": "failure", "message": "User is not authenticated.", "code": 401})
    if rasa.model_id is None:
        return _send(connection, 409, {"status": "failure", "message": "No agent loaded.", "code": 409})
    if path == "/status":
        return _send(connection, 200, {"model_file": "a.tar.gz", "model_id": rasa.model_id})
    text = json.loads(body)["text"]
    rasa.sent.append(text)
    if rasa.fault is None:
        return _send(connection, 200, {**well(text), **rasa.answer})
    return _fail(connection, rasa.fault, text, ended)


def _fail(connection: socket.socket, fault: str, text: str, ended: threading.Event) -> bool:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    if fault == "silence":
        ended.wait(30)
        return False
    if fault in ("trickled_head", "trickled_body"):
        whole = head + b"content-length: 100000\r\n\r\n" if fault == "trickled_body" else head
        connection.sendall(whole)
        until = time.monotonic() + 30
        while time.monotonic() < until and not ended.wait(0.02):
            connection.sendall(b" " if fault == "trickled_body" else b"x: y\r\n")
        return False
    if fault == "endless":
        connection.sendall(head + b"transfer-encoding: chunked\r\n\r\n")
        while not ended.is_set():
            connection.sendall(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
        return False
    if fault in ("cut", "reset"):
        connection.sendall(head + b'content-length: 500\r\n\r\n{"text": "hi", "int')
    if fault == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if fault in ("cut", "reset", "closed"):
        return False
    if fault == "redirect":
        connection.sendall(b"HTTP/1.1 307 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")
        return True
    intent = {"name": "greet", "confidence": 0.9}
    entity = {"entity": "plan", "start": 0, "end": 1, "value": "Pro"}
    answers: dict[str, object] = {
        "html": "<html>Bad gateway</html>",
        "not_json": '{"text": "hi", ',
        "not_utf8": b'{"text": "\xff\xfe"}',
        "no_object": [1, 2],
        "deep": "[" * 100_000,
        "no_intent": {"text": text, "entities": []},
        "confidence_above_one": well(text, intent={**intent, "confidence": 1.5}),
        "confidence_not_a_number": well(text, intent={**intent, "confidence": float("nan")}),
        "offset_outside": well(text, entities=[{**entity, "end": len(text) + 1}]),
        "entity_of_no_value": well(text, entities=[{**entity, "value": {"a": 1}}]),
        "another_message": well(text + " another"),
    }
    if fault == "error":
        return _send(
            connection, 500, {"message": "An unexpected error occurred. Error: CUDA", "reason": "ParsingError"}
        )
    return _send(connection, 200, answers[fault])


def _send(connection: socket.socket, status: int, content: object) -> bool:
    body = (
        content
        if isinstance(content, bytes)
        else (content if isinstance(content, str) else json.dumps(content)).encode()
    )
    connection.sendall(f"HTTP/1.1 {status} Said\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
    return True
