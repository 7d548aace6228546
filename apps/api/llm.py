"""POST /llm/generate (section 5.1 of the design), and what a tenant may ask and spend there."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.sse import format_sse_event

from apps.api.authentication import Authentication, require_same_tenant
from apps.api.hanging_up import EVENT_STREAM, LEFT, EventStream, told, unless_left, wants_events
from apps.api.llm_generation import Generations
from apps.api.llm_types import LlmRequest, LlmResponse
from apps.api.openapi import problem_responses
from apps.api.problems import problem_of_error
from components.core.errors import HelpdeskError, ModelMisbehaved
from components.core.tenant import TenantContext

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
    "content": {EVENT_STREAM: {"schema": {"type": "string"}}},
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
        if not wants_events(request):
            return await unless_left(request, _last(items)) or Response(status_code=LEFT)
        # The first item before the status line: a failure before any text is told by the status.
        first = await unless_left(request, _first(items))
        if first is None:
            await items.aclose()
            return Response(status_code=LEFT)
        return EventStream(_events(request, first, items))

    return router


async def _events(
    request: Request, first: str | LlmResponse, items: AsyncGenerator[str | LlmResponse, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(items):
        yield _event(first)
        try:
            async for item in items:
                yield _event(item)
        except HelpdeskError as error:
            yield told("error", problem_of_error(request.scope, error))


def _event(item: str | LlmResponse) -> bytes:
    if isinstance(item, str):
        return format_sse_event(event="text", data_str=json.dumps(item))
    return told("done", item)


async def _first(items: AsyncGenerator[str | LlmResponse, None]) -> str | LlmResponse:
    return await anext(items)


async def _last(items: AsyncGenerator[str | LlmResponse, None]) -> LlmResponse:
    async with aclosing(items):
        async for item in items:
            if not isinstance(item, str):
                return item
    raise ModelMisbehaved("the gateway's stream ended without its result")
