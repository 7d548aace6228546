"""Where providers of messages call: verified, stored, and answered before anybody works on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from apps.api.openapi import problem_responses
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench
from components.core.channels import Received, WebhookRequest
from components.core.errors import NotFound
from components.helpdesk.inbox.inbox import Inbox
from components.helpdesk.tenants import TenantRegistry

PATH = "/channels/"
# The Cloud API puts many events into one call, up to 3 MB.
LARGEST_BODY = 3 * 1024 * 1024
# Slack calls again after three seconds.
DEADLINE = 2.5
BODY_SECONDS = 10.0
_THREADS, _WAITING = 4, 128
_PROBLEMS = (
    "invalid_signature",
    "not_found",
    "invalid_input",
    "content_too_large",
    "request_timeout",
    "internal_error",
    "invalid_setting",
    "database_unavailable",
    "unavailable",
)


def channels_router(
    inbox: Inbox, tenants: TenantRegistry, pool: WorkerPool, *, public_url: str | None, deadline: float = DEADLINE
) -> APIRouter:
    """public_url: what providers sign their calls' addresses with, where it is not what a request says."""
    router = APIRouter(tags=["channels"])

    async def answer(request: Request, domain: str, channel: str) -> Response:
        body = await _body(request)
        call = WebhookRequest(
            method=request.method,
            url=_url(request, public_url),
            headers=dict(request.headers),
            query=dict(request.query_params),
            body=body,
        )

        def receive() -> Received:
            tenant = tenants.find_by_domain(domain.lower())
            if tenant is None:
                raise NotFound(f"no helpdesk is at {domain!r}", field="domain")
            request.state.tenant = str(tenant.tenant_id)
            return inbox.receive(tenant, channel, call)

        received = await pool.run(receive, deadline=deadline)
        return Response(received.answer, media_type=received.media_type)

    @router.post(
        "/channels/{domain}/{channel}",
        summary="Bring a tenant what its customers wrote",
        operation_id="receive_webhook",
        responses=problem_responses(*_PROBLEMS),
    )
    async def receive(request: Request, domain: str, channel: str) -> Response:
        """For Slack, WhatsApp and Twilio, signed as each of them does. The same call again changes nothing."""
        return await answer(request, domain, channel)

    @router.get(
        "/channels/{domain}/{channel}",
        summary="Register the address of a tenant's channel",
        operation_id="greet_webhook",
        responses=problem_responses(*_PROBLEMS),
    )
    async def greet(request: Request, domain: str, channel: str) -> Response:
        """WhatsApp's handshake."""
        return await answer(request, domain, channel)

    return router


def add_channels(app: FastAPI, workbench: Workbench) -> None:
    """Adds the channels' routes to `app`; while its lifespan lasts, what came in and must go out is worked on."""
    pool = WorkerPool("channels", threads=_THREADS, waiting=_WAITING)
    app.include_router(
        channels_router(workbench.inbox, workbench.tenants, pool, public_url=workbench.settings.public_url)
    )
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state:
            courier = workbench.courier()
            courier.start()
            yield state
            await asyncio.to_thread(courier.close)
            pool.close()

    app.router.lifespan_context = lifespan


async def _body(request: Request) -> bytes:
    """Raises HTTPException 413 and 408."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise HTTPException(413, f"The body may hold at most {LARGEST_BODY} bytes.")
    except (TimeoutError, ClientDisconnect) as error:
        raise HTTPException(408, f"The body did not end within {BODY_SECONDS:g} s.") from error
    return bytes(body)


def _url(request: Request, public_url: str | None) -> str:
    if public_url is None:
        return str(request.url)
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{public_url.rstrip('/')}{request.url.path}{query}"
