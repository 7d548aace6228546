"""A run of several steps as it is kept, so that any process can go on with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from components.helpdesk.actions_config import CallerKind

# tool: one call, which a flow has ordered.
RunKind = Literal["workflow", "goal", "tool"]
# waiting: for a moment, or for a person's approval. handed_over: a person goes on with it.
RunStatus = Literal["running", "waiting", "done", "failed", "handed_over", "cancelled"]
StepStatus = Literal["running", "waiting", "done", "failed"]
ENDED: frozenset[RunStatus] = frozenset({"done", "failed", "handed_over", "cancelled"})

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class NewRun:
    """A run to be begun, once for its key. document: what is to run, as it is now, so that a later version does not
    change a run that has begun. input: JSON values. about: what whoever began it wants to know when it ends."""

    kind: RunKind
    name: str
    key: str
    document: Mapping[str, Any]
    input: Mapping[str, Any]
    caller: CallerKind
    version: int = 0
    goal: str = ""
    conversation_id: UUID | None = None
    parent: UUID | None = None
    about: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


@dataclass(frozen=True)
class Fault:
    """Why a run or a step failed. code: as components.core.errors has it. step: where."""

    code: str
    message: str
    step: str = ""


@dataclass(frozen=True)
class WorkStep:
    """number: 1, 2, … in the order in which they began. invocation_id: of the tool's call that it made."""

    name: str
    number: int
    kind: str
    status: StepStatus
    input: Mapping[str, Any]
    started_at: datetime
    output: Mapping[str, Any] | None = None
    fault: Fault | None = None
    attempts: int = 1
    invocation_id: UUID | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True)
class WorkRun:
    """state: JSON values that the run has come to beside its steps, `about` of its NewRun among them. wake_at: when it
    goes on by itself. claims: how often a process has taken it up."""

    run_id: UUID
    key: str
    kind: RunKind
    name: str
    version: int
    goal: str
    document: Mapping[str, Any]
    input: Mapping[str, Any]
    state: Mapping[str, Any]
    caller: CallerKind
    status: RunStatus
    started_at: datetime
    result: Mapping[str, Any] | None = None
    fault: Fault | None = None
    conversation_id: UUID | None = None
    parent: UUID | None = None
    wake_at: datetime | None = None
    claims: int = 0
    finished_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDED
