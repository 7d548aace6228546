"""What every HTTP exchange gets, whatever answers it: an id, a log line, a count, and headers that browsers heed."""

from __future__ import annotations

import logging
import re
from time import perf_counter
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.api.measurements import Measurements
from apps.api.problems import problem_response
from apps.api.tracing import trace_id_of

_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_ABANDONED = 499

# The chat runs scripts of its own and may sit in a frame of the same origin; JSON needs nothing.
_PAGE_POLICY = "object-src 'none'; frame-ancestors 'self'"
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

access_logger = logging.getLogger("helpdesk.access")
logger = logging.getLogger("helpdesk.api")


class Exchange:
    """Outermost ASGI middleware.

    Takes X-Request-Id from the caller where it is sane (up to 64 letters, digits, `.`, `_`, `-`) and
    makes one otherwise; X-Trace-Id is that of a valid W3C `traceparent`, or a new one. A fault below it
    becomes a problem detail without internals, logged in full under the request's id.
    """

    def __init__(self, app: ASGIApp, measurements: Measurements) -> None:
        self._app = app
        self._measurements = measurements

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _SANE_ID.fullmatch(given) else uuid4().hex
        trace_id = trace_id_of(Headers(scope=scope).get("traceparent"))
        scope.setdefault("state", {}).update(request_id=request_id, trace_id=trace_id)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(MutableHeaders(scope=message), request_id, trace_id)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            # The edge: nothing above could tell the caller, so it is logged and told here.
            logger.exception("fault in an exchange", extra={"fields": {"request_id": request_id}})
            if status:
                raise
            await problem_response(scope, "internal_error")(scope, receive, send_with_headers)
        finally:
            self._record(scope, request_id, status or _ABANDONED, perf_counter() - started)

    def _record(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = route_template(scope)
        self._measurements.count_request(scope["method"], route, status)
        fields = {
            "request_id": request_id,
            "trace_id": scope["state"]["trace_id"],
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
            "tenant": scope["state"].get("tenant"),
        }
        level = logging.DEBUG if route in _PROBES and status < 400 else logging.INFO
        access_logger.log(level, "%s %s %d", scope["method"], route, status, extra={"fields": fields})


def route_template(scope: Scope) -> str:
    """The route that answered, as declared: `/answers/{answer_id}/feedback`. Routes of a mounted app
    stand under the first part of its mount; what no route answered is `unmatched`."""
    mounted = scope.get("root_path", "").strip("/").split("/")[0]
    prefix = f"/{mounted}" if mounted else ""
    template = getattr(scope.get("route"), "path", None)
    if isinstance(template, str):
        return prefix + template
    if mounted:
        return f"{prefix}/*"
    if "endpoint" in scope and not scope.get("path_params"):
        return str(scope["path"])
    return "unmatched"


def _add_headers(headers: MutableHeaders, request_id: str, trace_id: str) -> None:
    headers["X-Request-Id"] = request_id
    headers["X-Trace-Id"] = trace_id
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    if "json" in headers.get("content-type", ""):
        headers.setdefault("Content-Security-Policy", _DATA_POLICY)
        headers.setdefault("Cache-Control", "no-store")
    else:
        headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
