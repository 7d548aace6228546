"""What a tool is: what it wants to be told, what it does to the world, and how it is asked to do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from components.core.tenant import Tenant
from components.helpdesk.actions_config import CallerKind

SideEffect = Literal["read", "write", "money"]
Source = Literal["built_in", "openapi", "mcp"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class ToolSpec:
    """A tool as callers know it.

    name: as TOOL_NAME has it. input_schema: JSON Schema (2020-12) of its arguments, an object without properties beside
    those it names. output_schema: of its result. side_effect: read changes nothing; write changes data; money moves
    some. permitted: whether a tenant may use it that says nothing of it. timeout: seconds. per_minute: calls a tenant.
    undoable: whether a call can be taken back, where the call itself does not say otherwise.
    """

    name: str
    description: str
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any]
    side_effect: SideEffect
    permitted: bool = False
    timeout: float = 10.0
    per_minute: int = 600
    source: Source = "built_in"
    undoable: bool = False


@dataclass(frozen=True)
class Caller:
    """Who calls. id: of the agent, the run, the API's key or whatever the kind has; for people to read."""

    kind: CallerKind
    id: str = ""


@dataclass(frozen=True)
class ToolUse:
    """One call, its arguments checked against the schema. key: the invocation's idempotency key. seconds: left for it.
    conversation_id: for whose customer it is done, None outside a conversation."""

    tenant: Tenant
    arguments: Mapping[str, Any]
    caller: Caller
    invocation_id: UUID
    key: str
    seconds: float
    conversation_id: UUID | None = None


@dataclass(frozen=True)
class Undo:
    """The call that takes another one back."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class ToolOutcome:
    """What came of a call. result: JSON values, as the output schema has them. undo: None where it cannot be taken
    back."""

    result: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    undo: Undo | None = None


class LocalTool(Protocol):
    """Acts on our own tables, in the transaction that stores the call: either both are there or neither. What it has
    others do goes through the outbox. Thread-safe."""

    @property
    def spec(self) -> ToolSpec: ...

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        """What the call would move, for the tenant's limit; None where it moves nothing. Changes nothing.
        Raises InvalidInput, NotFound, ToolRefused."""
        ...

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        """Raises InvalidInput for arguments that a schema cannot refuse, NotFound, ToolRefused where the rules are
        against it, ToolUnavailable, DatabaseUnavailable."""
        ...


class RemoteTool(Protocol):
    """Calls another system, which no transaction of ours binds. Thread-safe."""

    @property
    def spec(self) -> ToolSpec: ...

    @property
    def repeatable(self) -> bool:
        """Whether the same call, with the same key, may be made again when nobody knows whether it was made."""
        ...

    def describe(self, use: ToolUse) -> Mapping[str, Any]:
        """What would be called, without secrets: for dry runs, and for those who approve."""
        ...

    def act(self, use: ToolUse) -> ToolOutcome:
        """Within use.seconds. Raises ToolRefused where the system says no for good, ToolUnavailable where nothing was
        done, OutcomeUnknown where it may have been."""
        ...


Tool = LocalTool | RemoteTool


def is_remote(tool: Tool) -> bool:
    """Whether it calls another system."""
    return hasattr(tool, "describe")
