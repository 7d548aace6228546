"""Tool calls put together from the parts in which OpenAI's protocol streams them."""

from __future__ import annotations

from dataclasses import dataclass

from components.core.chat_model import ToolCall
from components.models.remote_errors import RemoteFailures


@dataclass(frozen=True)
class ToolCallPart:
    """index: which of the calls it belongs to. id and name come with a call's first part, arguments piece by piece."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class ToolCallParts:
    """The calls of one stream, in the order in which they began."""

    def __init__(self) -> None:
        self._calls: list[list[ToolCallPart]] = []

    def add(self, part: ToolCallPart) -> None:
        """Some servers number every call 0; there a new id begins a new call."""
        for call in reversed(self._calls):
            if call[0].index == part.index and part.id in ("", call[0].id):
                call.append(part)
                return
        self._calls.append([part])

    def finished(self, failures: RemoteFailures) -> tuple[ToolCall, ...]:
        """Raises ModelMisbehaved for a call without a name. One without an id gets its number as id."""
        calls = []
        for number, parts in enumerate(self._calls):
            name = next((part.name for part in parts if part.name), "")
            if not name:
                raise failures.misbehaved("a tool call names no tool")
            arguments = "".join(part.arguments for part in parts)
            calls.append(ToolCall(parts[0].id or f"call_{number}", name, arguments or "{}"))
        return tuple(calls)
