"""One call of a tool as it is kept: who asked for what, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from components.core.errors import HelpdeskError, OutcomeUnknown, ToolRefused, Unavailable
from components.tools.tool import Caller, SideEffect, Undo

# running: another system is asked. waiting: for a person's approval. refused: by that person, or by nobody in time.
# unknown: it may have been done; a person must look.
InvocationStatus = Literal["running", "waiting", "done", "failed", "refused", "unknown"]


@dataclass(frozen=True)
class Failure:
    """Why a call failed. again: the same key may try once more."""

    code: str
    message: str
    field: str | None = None
    again: bool = False


@dataclass(frozen=True)
class Invocation:
    """A call of a tool. price: what it moves. dry: nothing was done, and nothing is kept. repeated: it had been made
    before, with the same key. approval_id: of what is waited for, or was decided. seconds: that it took."""

    invocation_id: UUID
    key: str
    tool: str
    side_effect: SideEffect
    status: InvocationStatus
    caller: Caller
    arguments: Mapping[str, Any]
    started_at: datetime
    price: Decimal | None = None
    result: Mapping[str, Any] | None = None
    failure: Failure | None = None
    undo: Undo | None = None
    undone_by: UUID | None = None
    conversation_id: UUID | None = None
    run_id: UUID | None = None
    approval_id: UUID | None = None
    attempts: int = 1
    finished_at: datetime | None = None
    seconds: float | None = None
    dry: bool = False
    repeated: bool = False

    def require(self) -> Invocation:
        """Itself where it was done or waits. Raises what it failed with."""
        if self.status in ("done", "waiting"):
            return self
        if self.failure is None:
            raise ToolRefused(f"{self.tool}: the call {self.invocation_id} is {self.status}")
        raise error_of(self.failure)


def failure_of(error: HelpdeskError) -> Failure:
    """As it is kept."""
    return Failure(error.code, error.message[:2000], error.field, isinstance(error, Unavailable))


def error_of(failure: Failure) -> HelpdeskError:
    """The error that was kept, of its own class; one that needs more than a message is the class above it."""
    kind = _kinds().get(failure.code, HelpdeskError)
    try:
        return kind(failure.message, field=failure.field)
    except TypeError:
        return HelpdeskError(failure.message, field=failure.field)


def unknown(tool: str) -> Failure:
    """Of a call that was begun, and whose process died before it heard what came of it."""
    return Failure(
        OutcomeUnknown.code,
        f"{tool} was called and its answer was lost: whether it was done is not known, so it is not called again; "
        "look into the system behind it",
    )


def _kinds() -> Mapping[str, type[HelpdeskError]]:
    found: dict[str, type[HelpdeskError]] = {}
    waiting: list[type[HelpdeskError]] = [HelpdeskError]
    while waiting:
        kind = waiting.pop()
        found[kind.code] = kind
        waiting.extend(kind.__subclasses__())
    return found
