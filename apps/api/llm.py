"""POST /llm/generate (section 5.1 of the design), and what a tenant may ask and spend there."""

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from apps.api.authentication import Authentication, require_same_tenant
from apps.api.llm_generation import Generations
from apps.api.llm_types import LlmRequest, LlmResponse
from apps.api.openapi import problem_responses
from apps.api.problems import problem_of_error
from components.core.errors import HelpdeskError, ModelMisbehaved
from components.core.tenant import TenantContext

T = TypeVar("T")

_EVENT_STREAM = "text/event-stream"
# As nginx has it: the caller left before there was an answer. Nobody reads it but the log and the figures.
_LEFT = 499
_FAILURES = problem_responses(
    "invalid_json",
    "invalid_api_key",
    "model_not_allowed",
    "content_too_large",
    "unsupported_media_type",
    "invalid_input",
    "budget_exhausted",
    "internal_error",
    "model_misbehaved",
    "unavailable",
    "model_overloaded",
    "model_timed_out",
)
_ANSWER = {
    "description": "The model's text, or a function call. Where the request accepts `text/event-stream`: events "
    "`text` with pieces (JSON strings), then one `done` with the response, or one `error` with a problem.",
    "content": {_EVENT_STREAM: {"schema": {"type": "string"}}},
}


def generate_router(generations: Generations, authenticate: Authentication) -> APIRouter:
    """The route. A caller who hangs up stops the model."""
    router = APIRouter(tags=["models"])

    @router.post(
        "/llm/generate",
        summary="Generate text, or a function call",
        operation_id="llm_generate",
        response_model=LlmResponse,
        responses={200: _ANSWER, **_FAILURES},
    )
    async def generate(
        body: LlmRequest, request: Request, tenant: Annotated[TenantContext, Depends(authenticate)]
    ) -> Response | LlmResponse:
        require_same_tenant(tenant, body.tenant_id)
        items = generations.stream(tenant, body)
        if _EVENT_STREAM not in request.headers.get("accept", ""):
            return await _unless_left(request, _last(items)) or Response(status_code=_LEFT)
        # The first item before the status line: a failure before any text is told by the status.
        first = await _unless_left(request, _first(items))
        if first is None:
            await items.aclose()
            return Response(status_code=_LEFT)
        return _Events(_events(request, first, items))

    return router


class _Events(EventSourceResponse):
    """Closes what it streams also where the caller left before the first piece was sent."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        self._events = events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


async def _events(
    request: Request, first: str | LlmResponse, items: AsyncGenerator[str | LlmResponse, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(items):
        yield _event(first)
        try:
            async for item in items:
                yield _event(item)
        except HelpdeskError as error:
            yield _told("error", problem_of_error(request.scope, error))


def _event(item: str | LlmResponse) -> bytes:
    if isinstance(item, str):
        return format_sse_event(event="text", data_str=json.dumps(item))
    return _told("done", item)


def _told(event: str, value: BaseModel) -> bytes:
    return format_sse_event(event=event, data_str=value.model_dump_json())


async def _first(items: AsyncGenerator[str | LlmResponse, None]) -> str | LlmResponse:
    return await anext(items)


async def _last(items: AsyncGenerator[str | LlmResponse, None]) -> LlmResponse:
    async with aclosing(items):
        async for item in items:
            if not isinstance(item, str):
                return item
    raise ModelMisbehaved("the gateway's stream ended without its result")


async def _unless_left(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` returns or raises; None where the caller hung up first, and then it is cancelled."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.wait((working, leaving))


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
