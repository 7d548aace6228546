"""A tool of an MCP server as one of ours."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from components.core.errors import InvalidToolDocument
from components.gateway.event_loop import EventLoopThread
from components.helpdesk.storable import made_readable
from components.tools.mcp.declaration import McpToolDeclaration
from components.tools.other_system import OtherSystem
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

if TYPE_CHECKING:
    from mcp_types import CallToolResult

LONGEST_REASON = 500


class McpTool:
    """Keeps components.tools.tool.RemoteTool."""

    def __init__(self, name: str, declaration: McpToolDeclaration, loop: EventLoopThread) -> None:
        """loop: on which it waits."""
        self._declaration, self._loop = declaration, loop
        reads = declaration.side_effect == "read"
        self._system = OtherSystem(name, declaration.server.url, declaration.repeatable, reads)
        self.spec = ToolSpec(
            name=name,
            description=declaration.description,
            input_schema=declaration.input_schema,
            output_schema=declaration.output_schema,
            side_effect=declaration.side_effect,
            source="mcp",
        )

    @property
    def repeatable(self) -> bool:
        return self._declaration.repeatable

    def describe(self, use: ToolUse) -> Mapping[str, Any]:
        server = self._declaration.server
        shown = {"server": server.url, "tool": self._declaration.tool, "arguments": dict(use.arguments)}
        return shown | ({"authorization": f"Bearer ({server.secret})"} if server.secret else {})

    def act(self, use: ToolUse) -> ToolOutcome:
        # The protocol's library takes a while to load, for which who calls no such tool need not wait.
        from components.tools.mcp.session import call_tool

        server, tool = self._declaration.server, self._declaration.tool
        token = None if server.secret is None else self._system.secret(server.secret)

        def asking(seconds: float) -> Coroutine[Any, Any, CallToolResult]:
            return call_tool(
                server.url, tool, use.arguments, key=use.key, token=token, private=server.private, seconds=seconds
            )

        return self._outcome(self._system.ask(use, self._loop, asking))

    def _outcome(self, result: CallToolResult) -> ToolOutcome:
        text = made_readable("\n".join(each.text for each in result.content if each.type == "text"))
        if result.is_error:
            raise self._system.refused(text[:LONGEST_REASON] or "the tool failed and gives no reason")
        told: dict[str, Any] = {"text": text}
        if isinstance(result.structured_content, dict):
            told["structured"] = result.structured_content
        others = sorted(each.type for each in result.content if each.type != "text")
        if others:
            told["omitted"] = f"what is no text: {', '.join(others)[:200]}"
        return self._system.kept(told, {"text": ""})


def mcp_tool(name: str, declaration: Mapping[str, Any], loop: EventLoopThread) -> McpTool:
    """Of what was kept. Raises InvalidToolDocument where it does not read."""
    try:
        return McpTool(name, McpToolDeclaration.model_validate(declaration), loop)
    except ValidationError as error:
        raise InvalidToolDocument(f"the tool {name!r} was kept in a form that is not read: {error}") from error
