"""A call that is to be made: permitted, checked, and named by its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from components.core.errors import KeyReused
from components.core.tenant import Tenant
from components.tools.invocation import Invocation
from components.tools.permission import EffectiveRules
from components.tools.tool import Caller, Tool, ToolUse


@dataclass(frozen=True)
class Order:
    """arguments: checked. seconds: for all of it."""

    tenant: Tenant
    tool: Tool
    rules: EffectiveRules
    arguments: Mapping[str, Any]
    caller: Caller
    key: str
    conversation_id: UUID | None
    run_id: UUID | None
    seconds: float

    def invocation(self) -> Invocation:
        """As it begins."""
        spec = self.tool.spec
        return Invocation(
            uuid4(),
            self.key,
            spec.name,
            spec.side_effect,
            "running",
            self.caller,
            self.arguments,
            datetime.now(UTC),
            conversation_id=self.conversation_id,
            run_id=self.run_id,
        )

    def use(self, invocation_id: UUID) -> ToolUse:
        """As the tool is told."""
        return ToolUse(
            self.tenant, self.arguments, self.caller, invocation_id, self.key, self.seconds, self.conversation_id
        )

    def require_same(self, stood: Invocation) -> None:
        """Raises KeyReused where the key stands for another call."""
        if stood.tool != self.tool.spec.name or dict(stood.arguments) != dict(self.arguments):
            raise KeyReused(
                f"the idempotency key {self.key[:100]!r} stands for another call of {stood.tool}: send another key",
                field="Idempotency-Key",
            )
