"""Work that a conversation orders elsewhere, and the Protocol that whoever does it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from uuid import UUID

from components.core.tenant import TenantContext

WorkKind = Literal["workflow", "tool"]
Pending = Literal["approval", "time"]


@dataclass(frozen=True)
class WorkOrder:
    """A workflow or a tool to run once.

    name: of the workflow or tool. goal: what it is for, in words. arguments: JSON values. key: the order's
    idempotency key; an order that was carried out already is not carried out again, and gives what it gave then.
    about: JSON values that whoever orders wants back when work that went on without it has ended.
    """

    kind: WorkKind
    name: str
    arguments: Mapping[str, Any]
    key: str
    conversation_id: UUID
    goal: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkDone:
    """What came of it. values: JSON values by name, such as `ticket_number`. dry: only said what it would do. pending:
    it goes on, for want of a person's approval or of time, and nothing of it may be claimed to be done."""

    values: Mapping[str, Any]
    dry: bool = False
    pending: Pending | None = None


class Workforce(Protocol):
    """Carries out orders. Thread-safe."""

    def names(self, tenant: TenantContext) -> Mapping[WorkKind, frozenset[str]]:
        """What may be ordered for this tenant; flows are validated against it."""
        ...

    def carry_out(self, tenant: TenantContext, order: WorkOrder, *, deadline: float) -> WorkDone:
        """deadline: seconds. Raises WorkflowUnavailable where it was not done, ToolRefused where the rules are against
        it, NotFound for an unknown name, InvalidInput for arguments that do not fit, DatabaseUnavailable."""
        ...
