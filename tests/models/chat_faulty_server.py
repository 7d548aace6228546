"""A server of raw sockets that speaks OpenAI's or TGI's protocol badly on demand, as real ones do."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any

from tests.models.chat_server import OTHER_TEXT, PIECES, ChatServer, Fault, Protocol


@contextmanager
def faulty_server(
    protocol: Protocol, fault: Fault, *, faulty_calls: int | None = None, counts: tuple[Any, Any] = (7, 7_000_000)
) -> Iterator[ChatServer]:
    """Answers every generation with `fault`, or only the first `faulty_calls`; /health and /v1/models are well."""
    server = ChatServer(fault=fault, faulty_calls=faulty_calls, counts=counts)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        listening = await asyncio.start_server(
            lambda reader, writer: _Connection(protocol, server, reader, writer).serve(), "127.0.0.1", 0
        )
        host, port = listening.sockets[0].getsockname()
        server.url = f"http://{host}:{port}" + ("/v1" if protocol == "openai" else "")
        ready.set()
        await stop.wait()
        listening.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name=f"faulty {protocol} server")
    thread.start()
    ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


class _Connection:
    """One request and its answer; the connection is closed after it."""

    def __init__(
        self, protocol: Protocol, server: ChatServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._protocol, self._server, self._reader, self._writer = protocol, server, reader, writer
        self._body: dict[str, Any] = {}

    async def serve(self) -> None:
        try:
            target, headers = await self._request()
            if "/models" in target or "/health" in target:
                return await self._status(200, {"object": "list", "data": []})
            if target.endswith("tokenize"):
                return await self._status(404, {"error": "no template", "error_type": "template_error"})
            self._server.record(self._body, headers)
            await self._answer_unless_gone(headers)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writer.close()

    async def _answer_unless_gone(self, headers: dict[str, str]) -> None:
        answering = asyncio.ensure_future(self._answer(self._server.take_fault(), headers))
        gone = asyncio.ensure_future(self._reader.read())
        try:
            await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            return  # the test is over
        finally:
            unfinished = not answering.done() or isinstance(answering.exception(), ConnectionError)
            answering.cancel()
            gone.cancel()
            await asyncio.gather(answering, gone, return_exceptions=True)
        self._server.cancelled += unfinished

    async def _request(self) -> tuple[str, dict[str, str]]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        self._body = json.loads(body) if body else {}
        return head[0].split(" ")[1], headers

    async def _status(self, status: int, body: dict[str, Any] | str, **headers: str) -> None:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        kind = "text/html" if isinstance(body, str) else "application/json"
        self._head(status, **{"content_type": kind, "content_length": str(len(content)), **headers})
        self._writer.write(content)
        await self._writer.drain()

    def _head(self, status: int, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Said", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def _answer(self, fault: Fault, headers: dict[str, str]) -> None:
        openai = self._protocol == "openai"
        if fault == "silence":
            await asyncio.sleep(3600)
        elif fault == "overloaded":
            await self._status(429, self._error("Model is overloaded", "overloaded"), retry_after="7")
        elif fault == "busy_until":
            now = time.time()
            dates = {"date": formatdate(now, usegmt=True), "retry_after": formatdate(now + 9, usegmt=True)}
            await self._status(503, self._error("Back soon", "overloaded"), **dates)
        elif fault == "error":
            await self._status(500, self._error("CUDA out of memory", "generation"))
        elif fault == "html":
            await self._status(502, "<html><body>Bad gateway</body></html>")
        elif fault == "unauthorized":
            await self._status(401, self._error(f"Incorrect API key: {headers.get('authorization')}", "auth"))
        elif fault == "unknown_model":
            await self._status(404, self._error("The model `tiny` does not exist.", "model_not_found"))
        elif fault == "too_long" and openai:
            text = "This model's maximum context length is 4096 tokens, however you requested 5000 tokens."
            await self._status(400, self._error(text, "context_length_exceeded"))
        elif fault == "too_long":
            text = "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4990 and 10"
            await self._status(422, self._error(text, "validation"))
        elif fault == "bad_request":
            await self._status(
                400 if openai else 422, self._error("unsupported keyword: patternProperties", "validation")
            )
        elif fault == "redirect":
            await self._status(307, "moved", location=self._server.url + "/elsewhere")
        elif fault == "refuses_stream_options" and (
            sent := [name for name in self._server.refuses if name in self._body]
        ):
            instead = "; use max_completion_tokens instead" if sent[0] == "max_tokens" else ""
            await self._status(400, self._error(f"Unsupported argument: {sent[0]}{instead}", "invalid"))
        else:
            await self._stream(fault)

    def _error(self, message: str, kind: str) -> dict[str, Any]:
        if self._protocol == "tgi":
            return {"error": message, "error_type": kind}
        return {"error": {"message": message, "type": kind, "code": kind}}

    async def _stream(self, fault: Fault) -> None:
        if fault == "compressed":
            import gzip

            self._head(200, content_type="text/event-stream", content_encoding="gzip")
            return await self._send(gzip.compress(b" " * 50_000_000))
        self._head(200, content_type="text/event-stream; charset=utf-8")
        events = self._events(fault)
        if fault == "byte_by_byte":
            for byte in b"".join(events):
                await self._send(bytes([byte]))
                await asyncio.sleep(0)
            return None
        for event in events:
            await self._send(event)
            await asyncio.sleep(self._server.between_pieces)
        if fault == "pause":
            await asyncio.sleep(3600)
        if fault == "reset":
            # Without lingering, closing sends a reset.
            self._writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            self._writer.transport.abort()
        return None

    def _events(self, fault: Fault) -> Iterator[bytes]:
        pieces: tuple[str, ...] = PIECES
        if fault in ("pause", "cut", "reset", "error_event", "invalid_json", "not_utf8", "wrong_shape", "huge_line"):
            yield from (self._piece(index, piece) for index, piece in enumerate(PIECES[:2], start=1))
        if fault in ("pause", "cut", "reset"):
            return
        if fault == "error_event":
            yield b"data: " + json.dumps(self._error("CUDA out of memory", "generation")).encode() + b"\n\n"
        elif fault == "invalid_json":
            yield b'data: {"id": "chatcmpl-1", "choices": [{"delta"\n\n'
        elif fault == "not_utf8":
            yield self._piece(3, "price").replace(b"price", b"\xff\xfe")
        elif fault == "wrong_shape":
            yield b'data: {"id": "chatcmpl-1", "choices": 5, "token": "word"}\n\n'
        elif fault == "huge_line":
            yield self._piece(3, "x" * 40_000_000)
        elif fault == "endless":
            yield from (self._piece(index, "more " * 200) for index in range(1, 1_000_000))
        elif fault == "split_surrogates":
            pieces = ("oh ", "\ud83d", "\ude30", "!")
        elif fault == "stop_left_in":
            pieces = ("one ", "tw", "o\nEN", "D three", " four", " five")
        elif fault == "empty":
            pieces = ()
        elif fault == "other_text":
            pieces = (OTHER_TEXT,)
        yield from self._whole(pieces, fault)

    def _whole(self, pieces: tuple[str, ...], fault: Fault) -> Iterator[bytes]:
        counts = {"wrong_counts": self._server.counts, "no_counts": None}.get(fault, (12, len(pieces) + 1))
        for index, piece in enumerate(pieces, start=1):
            if fault == "crossed" and index == 3:
                yield self._piece(1, OTHER_TEXT, name="chatcmpl-2")
            yield self._piece(index, piece)
        if self._protocol == "tgi":
            details: dict[str, Any] = {"finish_reason": "eos_token", "seed": None}
            if counts is not None:
                details.update(input_length=counts[0], generated_tokens=counts[1])
            yield self._token(len(pieces) + 1, "</s>", True, "".join(pieces), details)
            return
        yield self._chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if counts is not None and (self._body.get("stream_options") or {}).get("include_usage"):
            yield self._chunk({"usage": {"prompt_tokens": counts[0], "completion_tokens": counts[1]}})
        yield b"data: [DONE]\n\n"

    def _piece(self, index: int, text: str, name: str = "chatcmpl-1") -> bytes:
        if self._protocol == "tgi":
            return self._token(index, text, False, None, None)
        return self._chunk({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}, name)

    def _chunk(self, fields: dict[str, Any], name: str = "chatcmpl-1") -> bytes:
        chunk = {"id": name, "object": "chat.completion.chunk", "created": 1, "model": "tiny", "choices": [], **fields}
        return b"data: " + _json(chunk) + b"\n\n"

    def _token(self, index: int, text: str, special: bool, whole: str | None, details: Any) -> bytes:
        token = {"id": index, "text": text, "logprob": -0.5, "special": special}
        return b"data:" + _json({"index": index, "token": token, "generated_text": whole, "details": details}) + b"\n\n"


def _json(value: dict[str, Any]) -> bytes:
    """UTF-8, with an escape only for half a character, which UTF-8 cannot write."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
