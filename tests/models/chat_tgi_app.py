"""A test server that speaks TGI's protocol over a tiny model. It is no Text Generation Inference."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.models.chat_openai_app import _sse, _text_events, _tool_events
from tests.models.chat_server import ChatServer
from tests.models.tiny_generation import TinyGeneration


def tgi_app(model: TinyGeneration, server: ChatServer, *, template: bool = True, begins: str = "") -> FastAPI:
    """The routes of TGI 3 that a client of ours may call, with its JSON."""
    app = FastAPI()

    @app.get("/health")
    async def health() -> Response:
        return Response()

    @app.get("/info")
    async def info() -> dict[str, Any]:
        return {"model_id": "tiny", "max_input_tokens": model.context - 1, "max_total_tokens": model.context}

    @app.post("/tokenize")
    async def tokenize(request: Request) -> list[dict[str, Any]]:
        first = [{"id": token, "text": "", "start": 0, "stop": 0} for token in model.ids(begins)]
        return first + _simple_tokens(model, (await request.json())["inputs"])

    @app.post("/chat_tokenize")
    async def chat_tokenize(request: Request) -> Response:
        if not template:
            return JSONResponse({"error": "Template error: template not found", "error_type": "template_error"}, 422)
        body = await request.json()
        text = begins + model.prompt(body["messages"], body.get("tools"))
        return JSONResponse({"tokenize_response": _simple_tokens(model, text), "templated_text": text})

    @app.post("/generate")
    async def generate(request: Request) -> Response:
        body = await request.json()
        server.record(body, dict(request.headers))
        return refused(body) or JSONResponse(_whole(model, body, begins))

    @app.post("/generate_stream")
    async def generate_stream(request: Request) -> Response:
        body = await request.json()
        server.record(body, dict(request.headers))
        return refused(body) or streamed(request, body)

    @app.post("/")
    async def root(request: Request) -> Response:
        body = await request.json()
        server.record(body, dict(request.headers))
        return refused(body) or (
            streamed(request, body) if body.get("stream") else JSONResponse([_whole(model, body, begins)])
        )

    @app.post("/v1/chat/completions")
    async def completions(request: Request) -> Response:
        body = await request.json()
        server.record(body, dict(request.headers))
        ids = model.ids(model.prompt(body["messages"], body.get("tools")))
        events = _tool_events(model, ids, body) if body.get("tools") else _text_events(model, ids, body)
        return StreamingResponse(server.watch(request, _sse(events, "tiny")), media_type="text/event-stream")

    def refused(body: dict[str, Any]) -> Response | None:
        given, wanted = len(model.ids(begins + body["inputs"])), body["parameters"]["max_new_tokens"]
        if given + wanted <= model.context:
            return None
        message = (
            f"Input validation error: `inputs` tokens + `max_new_tokens` must be <= {model.context}. "
            f"Given: {given} `inputs` tokens and {wanted} `max_new_tokens`"
        )
        return JSONResponse({"error": message, "error_type": "validation"}, 422)

    def streamed(request: Request, body: dict[str, Any]) -> Response:
        return StreamingResponse(server.watch(request, _stream(model, body, begins)), media_type="text/event-stream")

    return app


def _simple_tokens(model: TinyGeneration, text: str) -> list[dict[str, Any]]:
    encoded = model.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    return [
        {"id": token, "text": text[start:stop], "start": start, "stop": stop}
        for token, (start, stop) in zip(encoded.input_ids, encoded.offset_mapping, strict=True)
    ]


def _tokens(model: TinyGeneration, body: dict[str, Any], begins: str) -> Any:
    asked = body["parameters"]
    return model.tokens(
        model.ids(begins + body["inputs"]),
        max_tokens=asked["max_new_tokens"],
        stop=asked.get("stop") or [],
        temperature=(asked.get("temperature") or 1.0) if asked.get("do_sample") else 0.0,
        seed=asked.get("seed"),
    )


def _whole(model: TinyGeneration, body: dict[str, Any], begins: str) -> dict[str, Any]:
    tokens = list(_tokens(model, body, begins))
    details = {"finish_reason": tokens[-1].finish, "generated_tokens": len(tokens), "seed": None, "prefill": []}
    details["tokens"] = [{"id": t.id, "text": t.text, "logprob": -1.0, "special": t.special} for t in tokens]
    return {"generated_text": "".join(t.text for t in tokens if not t.special), "details": details}


async def _stream(model: TinyGeneration, body: dict[str, Any], begins: str) -> AsyncIterator[str]:
    given, text = len(model.ids(begins + body["inputs"])), ""
    for index, token in enumerate(_tokens(model, body, begins), start=1):
        text += "" if token.special else token.text
        event: dict[str, Any] = {
            "index": index,
            "token": {"id": token.id, "text": token.text, "logprob": -1.0, "special": token.special},
            "generated_text": None,
            "details": None,
        }
        if token.finish:
            event["generated_text"] = text
            event["details"] = {
                "finish_reason": token.finish,
                "generated_tokens": index,
                "seed": body["parameters"].get("seed"),
                "input_length": given,
            }
        yield f"data:{json.dumps(event, ensure_ascii=False)}\n\n"
        await asyncio.sleep(0)
