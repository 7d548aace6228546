"""/mcp: a tenant's tools for clients of the Model Context Protocol, which show its API key."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

from fastapi import FastAPI
from fastapi.security import HTTPBearer
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from apps.api.authentication import Authentication
from apps.api.problems import problem_of_error
from apps.api.workers import WorkerPool
from components.bootstrap import Workbench
from components.core.errors import HelpdeskError, ToolNotFound
from components.core.tenant import Tenant, TenantContext
from components.helpdesk.tenants import TenantRegistry
from components.tools.invocation import Invocation
from components.tools.mcp.declaration import KEY_META
from components.tools.registry import OfferedTool, ToolRegistry
from components.tools.tool import Caller

PATH = "/mcp"
LONGEST_KEY = 200
PAGE = 100
CALLER = Caller("mcp")
_THREADS, _WAITING = 4, 32
_INSTRUCTIONS = (
    f"Tools of a helpdesk. A call with a key of your own, `{KEY_META}` in its _meta, is made once, however often it "
    "is sent."
)
_BEARER = HTTPBearer(auto_error=False)

logger = logging.getLogger("helpdesk.api")
P = TypeVar("P")
T = TypeVar("T")
Context = ServerRequestContext[Any, Request]


class ToolServer:
    """What an MCP client may ask. The tenant is that of the request's key, and decides what there is."""

    def __init__(self, tools: ToolRegistry, tenants: TenantRegistry, pool: WorkerPool, *, deadline: float) -> None:
        """deadline: seconds for one request."""
        self._tools, self._tenants, self._pool, self._deadline = tools, tenants, pool, deadline

    async def list(self, context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        """What the tenant permits to MCP clients, by name. cursor: the last name of the page before."""
        after = params.cursor if params is not None and params.cursor else ""
        offered = await self._run(partial(self._offered, _tenant_of(context)))
        rest = [each for each in offered if each.tool.spec.name > after]
        more = rest[PAGE - 1].tool.spec.name if len(rest) > PAGE else None
        return ListToolsResult(tools=[_told(each) for each in rest[:PAGE]], next_cursor=more)

    async def call(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        """What came of it; a failure of the tool is a result too, as the protocol has it. Raises MCPError for a tool
        that is not there, and for a key that is none."""
        key = (context.meta or {}).get(KEY_META)
        if key is not None and not (isinstance(key, str) and 1 <= len(key) <= LONGEST_KEY):
            raise MCPError(INVALID_PARAMS, f"{KEY_META}: a text of 1 to {LONGEST_KEY} characters is allowed")
        own = f"mcp/{key or uuid4()}"
        try:
            made = await self._run(partial(self._invoke, _tenant_of(context), params, own))
        except ToolNotFound as error:
            raise MCPError(INVALID_PARAMS, error.message) from error
        except HelpdeskError as error:
            problem = problem_of_error(_scope_of(context), error)
            told = {"code": problem.code, "detail": problem.detail, "field": problem.field}
            return _result(f"{problem.title}: {problem.detail}", told, failed=True)
        if made.status == "waiting":
            told = {"status": made.status, "invocation_id": str(made.invocation_id)}
            return _result(
                "A person is asked first: nothing has been done yet. The same call with the same key tells what comes "
                "of it.",
                told | ({"approval_id": str(made.approval_id)} if made.approval_id else {}),
            )
        result = dict(made.result or {})
        return _result(json.dumps(result, ensure_ascii=False), result)

    def _offered(self, tenant: TenantContext) -> tuple[OfferedTool, ...]:
        return self._tools.offered(self._tenant(tenant), CALLER)

    def _invoke(self, tenant: TenantContext, params: CallToolRequestParams, key: str) -> Invocation:
        seconds = max(self._deadline - 1, 0.5)
        return self._tools.invoke(
            self._tenant(tenant), params.name, params.arguments or {}, CALLER, key=key, seconds=seconds
        )

    def _tenant(self, tenant: TenantContext) -> Tenant:
        return self._tenants.get(tenant.tenant_id)

    async def _run(self, call: Callable[[], T]) -> T:
        return await self._pool.run(call, deadline=self._deadline)


class McpEndpoint:
    """ASGI application: lets in who has a key, and has the protocol's own library speak to them."""

    def __init__(self, sessions: StreamableHTTPSessionManager, authenticate: Authentication) -> None:
        self._sessions, self._authenticate = sessions, authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises InvalidApiKey, DatabaseUnavailable, Unavailable."""
        request = Request(scope)
        key = request.headers.get("x-api-key")
        request.state.mcp_tenant = await self._authenticate(request, await _BEARER(request), key)
        await self._sessions.handle_request(scope, receive, send)


def add_mcp(app: FastAPI, workbench: Workbench, authenticate: Authentication) -> None:
    """Adds the endpoint to `app`; it answers while the lifespan lasts. Nothing is kept between requests, so that any
    process may answer any of them."""
    pool = WorkerPool("mcp", threads=_THREADS, waiting=_WAITING)
    tools = ToolServer(workbench.actions.tools, workbench.tenants, pool, deadline=workbench.settings.request_deadline)
    server: Server[Any] = Server(
        "helpdesk",
        version=app.version,
        instructions=_INSTRUCTIONS,
        on_list_tools=_edge(tools.list),
        on_call_tool=_edge(tools.call),
        get_tool_input_schema=lambda _: None,
    )
    sessions = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
    app.router.routes.append(Route(PATH, McpEndpoint(sessions, authenticate), methods=["POST"]))
    outer = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with outer(served) as state, sessions.run():
            yield state
            pool.close()

    app.router.lifespan_context = lifespan


def _edge(handle: Callable[[Context, P], Awaitable[T]]) -> Callable[[Context, P], Awaitable[T]]:
    """What went wrong, told as anywhere else: the protocol's library would tell an exception's own words."""

    async def handled(context: Context, params: P) -> T:
        try:
            return await handle(context, params)
        except MCPError:
            raise
        except HelpdeskError as error:
            raise MCPError(INTERNAL_ERROR, problem_of_error(_scope_of(context), error).detail) from error
        except Exception as error:
            request_id = _scope_of(context)["state"].get("request_id", "")
            logger.exception("fault in an exchange over MCP", extra={"fields": {"request_id": request_id}})
            raise MCPError(INTERNAL_ERROR, f"The server could not complete the request {request_id}.") from error

    return handled


def _told(offered: OfferedTool) -> Tool:
    """Without the schema of its result: that a person is asked first is an answer too, and clients check."""
    spec = offered.tool.spec
    # Each call is made once for its key.
    hints = ToolAnnotations(read_only_hint=spec.side_effect == "read", idempotent_hint=True)
    return Tool(name=spec.name, description=spec.description, input_schema=dict(spec.input_schema), annotations=hints)


def _result(text: str, structured: dict[str, Any], *, failed: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=structured, is_error=failed)


def _scope_of(context: Context) -> Scope:
    assert context.request is not None
    return context.request.scope


def _tenant_of(context: Context) -> TenantContext:
    tenant: TenantContext = _scope_of(context)["state"]["mcp_tenant"]
    return tenant
