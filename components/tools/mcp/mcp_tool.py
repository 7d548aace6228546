"""A tool of an MCP server as one of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from components.core.errors import (
    AddressNotAllowed,
    AnswerLost,
    HelpdeskError,
    InvalidInput,
    InvalidSetting,
    InvalidToolDocument,
    OutcomeUnknown,
    ToolRefused,
    ToolUnavailable,
    Unavailable,
    Unreachable,
)
from components.core.settings import resolve_secret
from components.gateway.event_loop import EventLoopThread
from components.helpdesk.storable import made_readable
from components.tools.arguments import LARGEST_RESULT, plain
from components.tools.mcp.declaration import McpToolDeclaration
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

if TYPE_CHECKING:
    from mcp_types import CallToolResult

LONGEST_REASON = 500
MARGIN = 0.2


class McpTool:
    """Keeps components.tools.tool.RemoteTool."""

    def __init__(self, name: str, declaration: McpToolDeclaration, loop: EventLoopThread) -> None:
        """loop: on which it waits."""
        self._declaration, self._loop = declaration, loop
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
        # The protocol's library takes a second to load, which whoever calls no such tool need not wait for.
        from components.tools.mcp.session import call_tool

        server, name, seconds = self._declaration.server, self.spec.name, max(use.seconds - MARGIN, 0.05)
        try:
            token = None if server.secret is None else resolve_secret(server.secret)
        except InvalidSetting as error:
            raise ToolUnavailable(f"{name}: {error.message}") from error
        asking = call_tool(
            server.url,
            self._declaration.tool,
            use.arguments,
            key=use.key,
            token=token,
            private=server.private,
            seconds=seconds,
        )
        try:
            result = self._loop.run(asking, seconds + 1)
        except (AddressNotAllowed, InvalidInput) as error:
            raise ToolRefused(f"{name}: {error.message}") from error
        except AnswerLost as error:
            raise self._lost(error.message) from error
        except Unreachable as error:
            raise ToolUnavailable(f"{name}: {error.message}") from error
        except Unavailable as error:
            raise self._lost(error.message) from error
        return self._outcome(result)

    def _outcome(self, result: CallToolResult) -> ToolOutcome:
        text = made_readable("\n".join(each.text for each in result.content if each.type == "text"))
        if result.is_error:
            raise ToolRefused(f"{self.spec.name}: {text[:LONGEST_REASON] or 'the tool failed and gives no reason'}")
        others = [each.type for each in result.content if each.type != "text"]
        told: dict[str, Any] = {"text": text}
        if isinstance(result.structured_content, dict):
            told["structured"] = result.structured_content
        if others:
            told["omitted"] = f"{len(others)} parts that are no text: {', '.join(sorted(set(others)))}"
        try:
            return ToolOutcome(plain(told, f"result of {self.spec.name}", "result", LARGEST_RESULT))
        except InvalidInput as error:
            if self.spec.side_effect == "read":
                raise ToolRefused(f"{self.spec.name}: {error.message}; ask for less") from error
            return ToolOutcome({"text": "", "omitted": error.message})

    def _lost(self, told: str) -> HelpdeskError:
        if self.repeatable:
            return ToolUnavailable(f"{self.spec.name}: {told}")
        return OutcomeUnknown(
            f"{self.spec.name}: {told}; whether it was done is not known: look into {self._declaration.server.url}"
        )


def mcp_tool(name: str, declaration: Mapping[str, Any], loop: EventLoopThread) -> McpTool:
    """Of what was kept. Raises InvalidToolDocument where it does not read."""
    try:
        return McpTool(name, McpToolDeclaration.model_validate(declaration), loop)
    except ValidationError as error:
        raise InvalidToolDocument(f"the tool {name!r} was kept in a form that is not read: {error}") from error
