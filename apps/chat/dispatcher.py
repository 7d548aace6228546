"""The gate before Gradio: it finds the tenant in the path, lets through what the page needs, and nothing else."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

import anyio
import anyio.to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.chat.shell import PAGE_POLICY, no_helpdesk, out_of_order, personalised
from apps.chat.tenancy import session_of, with_tenant
from apps.chat.wording import BUSY
from components.core.errors import DatabaseUnavailable
from components.core.tenant import Tenant
from components.helpdesk.tenants import DOMAIN, TenantRegistry

LONGEST_BODY = 1024 * 1024
BODY_WITHIN = 15.0
TENANT_WITHIN = 10.0
LOOKUPS_AT_ONCE = 4

_SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FILES = re.compile(r"theme\.css|(?:assets|static)/.+")
_ASK, _LISTEN = "gradio_api/queue/join", "gradio_api/queue/data"
_ASKED_KEYS = ("data", "event_data", "fn_index", "trigger_id")
_KEEP_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class RunningChat:
    """The one Gradio app, and whether it knows a session by this name."""

    app: ASGIApp
    has_session: Callable[[str], bool]


class ChatDispatcher:
    """ASGI application for everything below /chat.

    Looks a tenant up at each request, so that one that is made, changed or deleted while the server
    runs is so at once. All tenants share one Gradio app, in which each browser's session carries its
    tenant: messages and state of another tenant cannot be named from here. `running` is None before the
    server has started and after it has stopped.
    """

    def __init__(self, tenants: TenantRegistry) -> None:
        self.running: RunningChat | None = None
        self._tenants = tenants
        self._lookups = anyio.CapacityLimiter(LOOKUPS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        mount = scope.get("root_path", "")
        domain, slash, inner = scope["path"].removeprefix(mount).lstrip("/").partition("/")
        scope = {**scope, "root_path": f"{mount}/{domain}", "path": f"{mount}/{domain}/{inner}"}
        if _FILES.fullmatch(inner) and scope["method"] in ("GET", "HEAD"):
            await self._gradio(scope, receive, _cached(send) if inner.startswith("assets/") else send)
            return
        try:
            tenant = await self._find(domain.lower())
        except (DatabaseUnavailable, TimeoutError):
            await _html(503, out_of_order())(scope, receive, send)
            return
        if tenant is None:
            await _html(404, no_helpdesk(domain))(scope, receive, send)
            return
        scope = with_tenant(scope, tenant)
        request = Request(scope, receive)
        match scope["method"], inner:
            case (("GET" | "HEAD"), "") if not slash:
                response: Response = RedirectResponse(f"{domain}/", 307)
            case (("GET" | "HEAD"), ""):
                response = await self._page(scope, receive, tenant)
            case "POST", name if name == _ASK:
                await self._ask(request, tenant, send)
                return
            case "GET", name if name == _LISTEN:
                await self._listen(request, tenant, send)
                return
            case _:
                response = _refused(404, "Not found.")
        await response(scope, receive, send)

    async def _gradio(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.running is None:
            await _html(503, out_of_order())(scope, receive, send)
        else:
            await self.running.app(scope, receive, send)

    async def _find(self, domain: str) -> Tenant | None:
        """Raises DatabaseUnavailable, TimeoutError."""
        if not DOMAIN.match(domain):
            return None
        lookup = anyio.to_thread.run_sync(
            self._tenants.find_by_domain, domain, abandon_on_cancel=True, limiter=self._lookups
        )
        return await asyncio.wait_for(lookup, TENANT_WITHIN)

    async def _page(self, scope: Scope, receive: Receive, tenant: Tenant) -> Response:
        """Gradio's page under the tenant's name and colours."""
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        status, body = await self._reply({**scope, "headers": plain, "method": "GET"}, receive)
        return _html(status, personalised(body.decode(), tenant) if status == 200 else out_of_order())

    async def _reply(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        """Status and body of what Gradio answers, whole."""
        status, body = 500, bytearray()

        async def collect(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                body.extend(message.get("body", b""))

        await self._gradio(scope, receive, collect)
        return status, bytes(body)

    async def _ask(self, request: Request, tenant: Tenant, send: Send) -> None:
        """An event of the page: joins the queue under the tenant's own session."""
        try:
            asked = json.loads(await asyncio.wait_for(_body(request), BODY_WITHIN))
        except TimeoutError:
            await _refused(408, "The request did not go on.")(request.scope, request.receive, send)
            return
        except (ValueError, RecursionError):
            await _refused(400, "This is not a message of the chat's page.")(request.scope, request.receive, send)
            return
        session = _session(asked.get("session_hash")) if isinstance(asked, dict) else None
        if session is None or not isinstance(asked.get("data"), list):
            await _refused(400, "This is not a message of the chat's page.")(request.scope, request.receive, send)
            return
        event: dict[str, Any] = {key: asked[key] for key in _ASKED_KEYS if key in asked}
        body = json.dumps(event | {"session_hash": session_of(tenant.tenant_id, session)}).encode()
        headers = MutableHeaders(raw=list(request.scope["headers"]))
        headers["content-length"] = str(len(body))
        headers["content-type"] = "application/json"
        del headers["accept-encoding"]
        scope = {**request.scope, "headers": headers.raw}
        status, answer = await self._reply(scope, _replay(body, request.receive))
        response = Response(answer, status, media_type="application/json")
        if status == 503:
            # The queue is full. Gradio's page has words of its own for 503, and shows ours with 429.
            response = _refused(429, BUSY)
        await response(request.scope, request.receive, send)

    async def _listen(self, request: Request, tenant: Tenant, send: Send) -> None:
        """The stream of answers to the browser's session."""
        named = parse_qs(request.scope["query_string"].decode("latin-1")).get("session_hash", [""])
        session = _session(named[0])
        if session is None:
            await _refused(400, "This is not a session of the chat's page.")(request.scope, request.receive, send)
            return
        name = session_of(tenant.tenant_id, session)
        if self.running is not None and not self.running.has_session(name):
            await _refused(404, "Nobody has asked anything in this session.")(request.scope, request.receive, send)
            return
        query = urlencode({"session_hash": name}).encode()
        await self._gradio({**request.scope, "query_string": query}, request.receive, send)


def _session(named: object) -> str | None:
    return named if isinstance(named, str) and _SESSION.fullmatch(named) else None


async def _body(request: Request) -> bytes:
    """Raises ValueError past LONGEST_BODY."""
    body = bytearray()
    async for part in request.stream():
        body.extend(part)
        if len(body) > LONGEST_BODY:
            raise ValueError(f"the body is longer than {LONGEST_BODY} bytes")
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hands out a body that was read already, then what still comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _cached(send: Send) -> Send:
    """The names of these files carry a hash of their content."""

    async def send_cached(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            MutableHeaders(scope=message)["Cache-Control"] = _KEEP_FOREVER
        await send(message)

    return send_cached


def _html(status: int, html: str) -> HTMLResponse:
    return HTMLResponse(html, status, {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"})


def _refused(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)
