"""A test server that is somebody's MCP server, made with the protocol's own library."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ImageContent,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from starlette.responses import Response

TEXT = {"type": "object", "properties": {"text": {"type": "string", "pattern": "^(a+)+$"}}, "required": ["text"]}
NODE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
READS, ONCE = ToolAnnotations(read_only_hint=True), ToolAnnotations(idempotent_hint=True)


def holding(schema: Any, **defs: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"root": schema}, "$defs": defs}


OFFERED = [
    Tool(name="Echo-It", description="Says it again.", input_schema=TEXT, annotations=READS),
    Tool(name="note", description="Writes it down.", input_schema=TEXT),
    Tool(name="note_once", input_schema=TEXT, annotations=ONCE),
    Tool(name="tree", input_schema=holding({"$ref": "#/$defs/Node"}, Node=NODE)),
    Tool(name="reads_files", input_schema=holding({"$ref": "file:///etc/passwd"})),
    Tool(name="round", input_schema=holding({"$ref": "#/$defs/A"}, A={"$ref": "#/$defs/A"})),
]


@dataclass
class McpService:
    """notes: what was written down, by key where it is done once. tokens: Authorization headers that came. behaviour:
    of the next call: `fail`, `huge`, `hang`, `redirect`, `die` or none."""

    url: str = ""
    token: str | None = None
    notes: list[str] = field(default_factory=list)
    once: dict[str, str] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    behaviour: str = ""
    calls: int = 0

    async def list(self, _: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        page = int(params.cursor) if params is not None and params.cursor else 0
        following = str(page + 2) if page + 2 < len(OFFERED) else None
        return ListToolsResult(tools=OFFERED[page : page + 2], next_cursor=following)

    async def call(self, context: ServerRequestContext[Any, Any], params: CallToolRequestParams) -> CallToolResult:
        self.calls += 1
        text = (params.arguments or {}).get("text", "")
        behaviour, self.behaviour = self.behaviour, ""
        if behaviour == "fail":
            return CallToolResult(content=[TextContent(type="text", text="no ink")], is_error=True)
        if params.name == "note":
            self.notes.append(text)
        if params.name == "note_once":
            self.once.setdefault(str((context.meta or {}).get("helpdesk/idempotency-key")), text)
        if behaviour == "hang":
            await asyncio.sleep(3)
        if behaviour == "huge":
            return CallToolResult(content=[TextContent(type="text", text="x" * 3_000_000)])
        image = ImageContent(type="image", data="aGk=", mime_type="image/png")
        return CallToolResult(
            content=[TextContent(type="text", text=f"said {text}"), image], structured_content={"said": text}
        )


@contextmanager
def mcp_service() -> Iterator[McpService]:
    """Serves on a free port of this machine until the end."""
    service = McpService()
    offered: Server[Any] = Server("theirs", on_list_tools=service.list, on_call_tool=service.call)
    app = offered.streamable_http_app(stateless_http=True, json_response=True, host="127.0.0.1")

    async def guarded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            shown = dict(scope["headers"]).get(b"authorization", b"").decode()
            service.tokens.append(shown)
            if service.token is not None and shown != f"Bearer {service.token}":
                await Response("who are you?", 401)(scope, receive, send)
                return
            if service.behaviour == "redirect":
                target = {"Location": "http://169.254.169.254/latest"}
                await Response(status_code=307, headers=target)(scope, receive, send)
                return
        await app(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(guarded, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        service.url = f"http://127.0.0.1:{port}/mcp"
        yield service
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
