"""The gate before Gradio: it finds the tenant in the path, lets through what the page needs, and nothing else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import anyio
import anyio.to_thread
from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.pages.files import KEEP_FOREVER
from apps.pages.frame import PAGE_POLICY, no_helpdesk, out_of_order
from components.core.errors import DatabaseUnavailable
from components.core.tenant import Tenant
from components.helpdesk.tenants import DOMAIN, TenantRegistry

TENANT_WITHIN = 10.0
LOOKUPS_AT_ONCE = 4

_FILES = re.compile(r"theme\.css|(?:assets|static)/.+")


class PageDispatcher:
    """ASGI application for everything below a page's path that the API does not answer.

    Looks a tenant up at each request, so that one that is made, changed or deleted while the server runs is so at
    once. All tenants share one Gradio app, which holds nothing of any of them: each tenant's page carries its own
    words and colours, and what people say comes by the API. `gradio` is None before the server has
    started and after it has stopped.
    """

    def __init__(self, tenants: TenantRegistry, personalised: Callable[[str, Tenant], str]) -> None:
        """personalised: Gradio's page as the tenant's own."""
        self.gradio: ASGIApp | None = None
        self._tenants = tenants
        self._personalised = personalised
        self._lookups = anyio.CapacityLimiter(LOOKUPS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        mount = scope.get("root_path", "")
        domain, slash, inner = scope["path"].removeprefix(mount).lstrip("/").partition("/")
        scope = {**scope, "root_path": f"{mount}/{domain}", "path": f"{mount}/{domain}/{inner}"}
        reading = scope["method"] in ("GET", "HEAD")
        if reading and _FILES.fullmatch(inner):
            await self._forward(scope, receive, _cached(send) if inner.startswith("assets/") else send)
            return
        try:
            tenant = await self._find(domain.lower())
        except (DatabaseUnavailable, TimeoutError):
            response: Response = _html(503, out_of_order())
        else:
            if tenant is None:
                response = _html(404, no_helpdesk(domain))
            elif not reading or inner:
                response = JSONResponse({"detail": "Not found."}, 404)
            elif not slash:
                response = RedirectResponse(f"{domain}/", 307)
            else:
                response = await self._page(scope, receive, tenant)
        await response(scope, receive, send)

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.gradio is None:
            await _html(503, out_of_order())(scope, receive, send)
        else:
            await self.gradio(scope, receive, send)

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
        status, body = 500, bytearray()

        async def collect(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                body.extend(message.get("body", b""))

        await self._forward({**scope, "headers": plain, "method": "GET"}, receive, collect)
        return _html(status, self._personalised(body.decode(), tenant) if status == 200 else out_of_order())


def _cached(send: Send) -> Send:
    """The names of these files carry a hash of their content."""

    async def send_cached(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            MutableHeaders(scope=message)["Cache-Control"] = KEEP_FOREVER
        await send(message)

    return send_cached


def _html(status: int, html: str) -> HTMLResponse:
    return HTMLResponse(html, status, {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"})
