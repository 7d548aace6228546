"""OpenAI's chat completions, streamed, over a tiny model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.models.chat_server import ChatServer
from tests.models.tiny_generation import TinyGeneration

_FINISH = {"eos_token": "stop", "stop_sequence": "stop", "length": "length"}


def openai_app(model: TinyGeneration, server: ChatServer, key: str | None = None) -> FastAPI:
    """tools: a request that offers some is answered with a call of the first, whose arguments are what it wrote."""
    app = FastAPI()

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": "tiny", "object": "model", "created": 0, "owned_by": "tests"}]}

    @app.post("/v1/chat/completions")
    async def completions(request: Request) -> Response:
        body = await request.json()
        server.record(body, dict(request.headers))
        if key is not None and request.headers.get("authorization") != f"Bearer {key}":
            return JSONResponse({"error": {"message": f"Incorrect API key: {key}", "code": "invalid_api_key"}}, 401)
        ids = model.ids(model.prompt(body["messages"], body.get("tools")))
        if len(ids) >= model.context:
            message = f"This model's maximum context length is {model.context} tokens. You asked for {len(ids)}."
            return JSONResponse({"error": {"message": message, "code": "context_length_exceeded"}}, 400)
        events = _tool_events(model, ids, body) if body.get("tools") else _text_events(model, ids, body)
        return StreamingResponse(server.watch(request, _sse(events, body["model"])), media_type="text/event-stream")

    return app


async def _sse(events: AsyncIterator[dict[str, Any]], model: str) -> AsyncIterator[str]:
    name = f"chatcmpl-{uuid4().hex}"
    async for event in events:
        chunk = {"id": name, "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [], **event}
        yield f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
    yield "data: [DONE]\n\n"


async def _text_events(model: TinyGeneration, ids: list[int], body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    stop = body.get("stop") or []
    held, count, finish = "", 0, None
    longest = max((len(sequence) for sequence in stop), default=1)
    yield _choice({"role": "assistant", "content": ""})
    for token in _tokens(model, ids, body):
        count += 1
        held += "" if token.special else token.text
        finish = token.finish or finish
        at = min((held.find(sequence) for sequence in stop if sequence in held), default=-1)
        if at >= 0:
            held = held[:at]
        ready = held if token.finish else held[: max(0, len(held) - longest + 1)]
        held = held[len(ready) :]
        if ready:
            yield _choice({"content": ready})
        await asyncio.sleep(0)
    yield _choice({}, _FINISH[finish or "length"])
    if (body.get("stream_options") or {}).get("include_usage"):
        yield _usage(len(ids), count)


async def _tool_events(model: TinyGeneration, ids: list[int], body: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    function = body["tools"][0]["function"]["name"]
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": function, "arguments": ""}}
    yield _choice({"role": "assistant", "content": None, "tool_calls": [call]})
    written = [token for token in _tokens(model, ids, body) if not token.special]
    arguments = json.dumps({"query": "".join(token.text for token in written)})
    for start in range(0, len(arguments), 5):
        yield _choice({"tool_calls": [{"index": 0, "function": {"arguments": arguments[start : start + 5]}}]})
        await asyncio.sleep(0)
    yield _choice({}, "tool_calls")
    if (body.get("stream_options") or {}).get("include_usage"):
        yield _usage(len(ids), len(written))


def _tokens(model: TinyGeneration, ids: list[int], body: dict[str, Any]) -> Any:
    limit = min(int(body.get("max_tokens") or 16), model.context - len(ids))
    return model.tokens(
        ids,
        max_tokens=limit,
        stop=body.get("stop") or [],
        temperature=body.get("temperature") or 0.0,
        seed=body.get("seed"),
    )


def _choice(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _usage(given: int, made: int) -> dict[str, Any]:
    return {"usage": {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}}
