"""What the routes of runs take and give."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from components.agents.run import Fault, RunKind, RunStatus, StepStatus, WorkRun, WorkStep
from components.helpdesk.actions_config import CallerKind

LONGEST_GOAL = 200


class GoalRequest(BaseModel):
    """A goal for the orchestrator."""

    model_config = ConfigDict(extra="forbid")

    goal: str = Field(min_length=1, max_length=LONGEST_GOAL, examples=["Process refund"])
    context: dict[str, Any] = Field(
        default_factory=dict,
        description="What is known of the case; a model reads it as data, a plan takes the values that it names.",
        examples=[{"order_number": "NT-1001", "reason": "The zip is broken"}],
    )
    conversation_id: UUID | None = Field(None, description="For whose customer it is done.")
    plan: str | None = Field(
        None, min_length=1, max_length=64, description="The declared plan to follow, also where there is a model."
    )


class RunFault(BaseModel):
    """Why it failed, or why a person goes on. step: where, where it is known."""

    code: str
    message: str
    step: str


class RunStep(BaseModel):
    """One step: a model's turn, a tool's call, or what else its kind says."""

    number: int
    name: str
    kind: str
    status: StepStatus
    input: dict[str, Any]
    output: dict[str, Any] | None
    error: RunFault | None
    attempts: int
    invocation_id: UUID | None = Field(description="Of the call that a person was asked about.")
    started_at: datetime
    finished_at: datetime | None


class RunBody(BaseModel):
    """A run as it stands."""

    run_id: UUID
    kind: RunKind
    name: str
    version: int
    goal: str
    status: RunStatus = Field(
        description="waiting: for a moment, or for a person's approval. handed_over: a person goes on with it."
    )
    input: dict[str, Any]
    result: dict[str, Any] | None
    error: RunFault | None
    caller: CallerKind
    conversation_id: UUID | None
    started_at: datetime
    finished_at: datetime | None


class RunWithSteps(RunBody):
    """A run and its steps, in the order in which they began."""

    steps: list[RunStep]


class RunList(BaseModel):
    """The newest first."""

    runs: list[RunBody]


def run_values(run: WorkRun) -> dict[str, Any]:
    """The fields of a RunBody."""
    return {
        "run_id": run.run_id,
        "kind": run.kind,
        "name": run.name,
        "version": run.version,
        "goal": run.goal,
        "status": run.status,
        "input": dict(run.input),
        "result": None if run.result is None else dict(run.result),
        "error": _fault(run.fault),
        "caller": run.caller,
        "conversation_id": run.conversation_id,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
    }


def run_body(run: WorkRun) -> RunBody:
    return RunBody(**run_values(run))


def run_with_steps(run: WorkRun, steps: Iterable[WorkStep]) -> RunWithSteps:
    return RunWithSteps(**run_values(run), steps=[run_step(step) for step in steps])


def run_step(step: WorkStep) -> RunStep:
    return RunStep(
        number=step.number,
        name=step.name,
        kind=step.kind,
        status=step.status,
        input=dict(step.input),
        output=None if step.output is None else dict(step.output),
        error=_fault(step.fault),
        attempts=step.attempts,
        invocation_id=step.invocation_id,
        started_at=step.started_at,
        finished_at=step.finished_at,
    )


def _fault(fault: Fault | None) -> RunFault | None:
    return None if fault is None else RunFault(code=fault.code, message=fault.message, step=fault.step)
