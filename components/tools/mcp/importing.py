"""An MCP server's tools in, ours out, and which of them could make none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.core.errors import InvalidInput, InvalidToolDocument, ToolUnavailable, Unreachable
from components.core.settings import resolve_secret
from components.gateway.event_loop import EventLoopThread
from components.helpdesk.actions_config import TOOL_NAME
from components.tools.added import NewTool
from components.tools.arguments import check_schema, plain
from components.tools.mcp.declaration import McpServer, McpToolDeclaration
from components.tools.openapi.document import References
from components.tools.openapi.servers import base_address
from components.tools.schemas import PortableSchemas

if TYPE_CHECKING:
    from mcp_types import Tool

SECONDS = 30.0
LONGEST_DESCRIPTION = 1000
LARGEST_DECLARATION = 160_000


@dataclass(frozen=True)
class McpTools:
    """skipped: tools that make none of ours, and why."""

    tools: tuple[NewTool, ...]
    skipped: tuple[tuple[str, str], ...] = ()


def read_server(
    server: McpServer, prefix: str, loop: EventLoopThread, *, only: tuple[str, ...] = (), seconds: float = SECONDS
) -> McpTools:
    """Asks the server for its tools. prefix: before each name. only: by their names there; none = all.

    Raises InvalidInput, InvalidSetting for a secret that is not there, AddressNotAllowed, ToolUnavailable where it does
    not answer, InvalidToolDocument where nothing of it can be used.
    """
    from components.tools.mcp.session import list_tools

    if not re.fullmatch(TOOL_NAME, prefix):
        raise InvalidInput(f"name {prefix[:80]!r}: small letters, digits and _ are allowed", field="name")
    base_address(server.url, "url")
    token = None if server.secret is None else resolve_secret(server.secret)
    if token is not None and server.url.startswith("http:") and not server.private:
        raise InvalidInput(f"{server.url}: a secret goes over https only", field="url")
    try:
        offered = loop.run(list_tools(server.url, token=token, private=server.private, seconds=seconds), seconds + 1)
    except Unreachable as error:
        raise ToolUnavailable(error.message) from error
    missing = sorted(set(only) - {each.name for each in offered})
    if missing:
        names = ", ".join(each.name for each in offered[:50]) or "none"
        raise InvalidInput(f"no tool there is called {', '.join(missing)[:200]}: there are {names}", field="only")
    made: dict[str, NewTool] = {}
    skipped: list[tuple[str, str]] = []
    for each in offered:
        if only and each.name not in only:
            continue
        try:
            new = _tool(server, prefix, each)
            if new.name in made:
                raise InvalidToolDocument(f"another tool of the server is {new.name!r} already")
            made[new.name] = new
        except (InvalidInput, RecursionError, AttributeError, KeyError, TypeError, ValueError) as error:
            skipped.append((each.name[:80], getattr(error, "message", None) or f"its schema does not read ({error})"))
    if not made:
        told = "; ".join(f"{name}: {why}" for name, why in skipped[:5])
        raise InvalidToolDocument(f"no tool of {server.url} can be used: {told or 'there is none'}")
    return McpTools(tuple(made.values()), tuple(skipped))


def _tool(server: McpServer, prefix: str, offered: Tool) -> NewTool:
    """Raises InvalidInput."""
    schema = offered.input_schema
    if "x-mcp-header" in str(schema):
        raise InvalidToolDocument("it wants arguments in headers of the request, which are not sent")
    schemas = PortableSchemas(References(schema).target)
    arguments = schemas.closed({**schemas.convert(schema), "additionalProperties": False})
    arguments.setdefault("type", "object")
    arguments.setdefault("properties", {})
    check_schema(arguments, "its arguments")
    hints = offered.annotations
    reads = hints is not None and hints.read_only_hint is True
    declaration = McpToolDeclaration(
        server=server,
        tool=offered.name,
        description=(offered.description or offered.title or offered.name)[:LONGEST_DESCRIPTION],
        input_schema=arguments,
        output_schema={"type": "object", "properties": {"text": {"type": "string"}, "structured": {"type": "object"}}},
        side_effect="read" if reads else "write",
        repeatable=reads or (hints is not None and hints.idempotent_hint is True),
    )
    plain_name = re.sub(r"[^a-z0-9]+", "_", offered.name.lower()).strip("_")
    kept = plain(declaration.model_dump(mode="json"), "words about it", "tool", LARGEST_DECLARATION)
    return NewTool(f"{prefix}_{plain_name}"[:64].rstrip("_"), "mcp", kept)
