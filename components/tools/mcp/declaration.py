"""A tool of an MCP server as it is kept: all that is needed to call it, its secret by reference."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from components.tools.tool import SideEffect

# The key of a call among what is said about it (`_meta`); the protocol has none of its own.
KEY_META = "helpdesk/idempotency-key"


class McpServer(BaseModel):
    """url: of its endpoint, http or https. secret: reference of what is sent as bearer token, None for none. private:
    addresses that are not public are called."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str
    secret: str | None = None
    private: bool = False


class McpToolDeclaration(BaseModel):
    """tool: its name at the server. side_effect, repeatable: as the server hints."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: McpServer
    tool: str
    description: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    side_effect: SideEffect
    repeatable: bool
