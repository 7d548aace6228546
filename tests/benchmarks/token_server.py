"""A fast test server of OpenAI's protocol: streams the words that the prompt names, and nothing else.

`python -m tests.benchmarks.token_server` prints its port. A prompt "<name> <count> <pause>" is answered with
"<name>-0 ", "<name>-1 ", … , `pause` milliseconds between them.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, kept open for as many requests as come."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = next((line.split(":")[1] for line in head.split("\r\n") if line.startswith("content-length")), "0")
            body = json.loads(await reader.readexactly(int(length)) or b"{}")
            await answer(writer, body)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def answer(writer: asyncio.StreamWriter, body: dict[str, Any]) -> None:
    name, count, pause = body["messages"][-1]["content"].split()
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    for number in range(int(count)):
        send(
            writer, name, {"choices": [{"index": 0, "delta": {"content": f"{name}-{number} "}, "finish_reason": None}]}
        )
        await writer.drain()
        if float(pause):
            await asyncio.sleep(float(pause) / 1000)
    send(writer, name, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    send(writer, name, {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": int(count)}})
    chunk(writer, b"data: [DONE]\n\n")
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def send(writer: asyncio.StreamWriter, name: str, fields: dict[str, Any]) -> None:
    event = {"id": f"chatcmpl-{name}", "object": "chat.completion.chunk", "created": 1, "model": "tokens", **fields}
    chunk(writer, b"data: " + json.dumps(event).encode() + b"\n\n")


def chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


if __name__ == "__main__":
    asyncio.run(main())
