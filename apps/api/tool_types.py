"""What the routes of tools and approvals take and give."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from components.helpdesk.actions_config import ApprovalRule, CallerKind
from components.tools.approvals import LONGEST_COMMENT, ApprovalStatus
from components.tools.invocation import InvocationStatus
from components.tools.registry import OfferedTool
from components.tools.tool import SideEffect, Source


class ToolBody(BaseModel):
    """A tool, and what holds for this tenant's use of it."""

    name: str
    description: str
    input_schema: dict[str, Any] = Field(description="JSON Schema (2020-12) of the arguments.")
    output_schema: dict[str, Any] = Field(description="JSON Schema (2020-12) of the result.")
    side_effect: SideEffect
    source: Source
    allowed: bool = Field(description="Whether the tenant's configuration permits it.")
    callers: list[CallerKind] = Field(description="Who may call it, where it is allowed.")
    approval: ApprovalRule = Field(description="`above`: a person is asked for what moves more than `limit`.")
    limit: float
    per_minute: int
    timeout: float = Field(description="Seconds.")
    undoable: bool = Field(description="Whether a call can be taken back, where the call does not say otherwise.")


class ToolList(BaseModel):
    """All tools, by name."""

    tools: list[ToolBody]


class CallerBody(BaseModel):
    """Who called. name: an agent's."""

    kind: CallerKind
    id: str
    name: str = ""


class FailureBody(BaseModel):
    """Why a call failed."""

    code: str
    message: str
    field: str | None


class ToolCallBody(BaseModel):
    """A call of a tool, and what came of it."""

    invocation_id: UUID | None = Field(description="Null for a dry run, which is not kept.")
    tool: str
    side_effect: SideEffect
    status: InvocationStatus = Field(
        description="`waiting`: for a person; `refused`: by them, or nobody decided; `unknown`: it may have been done."
    )
    arguments: dict[str, Any]
    result: dict[str, Any] | None
    failure: FailureBody | None
    price: float | None = Field(description="What it moves, in the currency of the tenant's shop.")
    caller: CallerBody
    conversation_id: UUID | None
    run_id: UUID | None
    approval_id: UUID | None = Field(description="Of what is waited for, or was decided.")
    attempts: int
    started_at: datetime
    finished_at: datetime | None
    seconds: float | None
    dry_run: bool = Field(description="Nothing was done: the result is what it would be.")
    repeated: bool = Field(description="It had been made before, with the same Idempotency-Key.")
    undoable: bool = Field(description="Whether it can be taken back now.")
    undone_by: UUID | None = Field(description="The call that took it back.")


class ToolCallList(BaseModel):
    """Calls, the newest first."""

    invocations: list[ToolCallBody]


class ApprovalBody(BaseModel):
    """What a person is asked before a call is made, or was."""

    approval_id: UUID
    status: ApprovalStatus
    reason: str = Field(description="Why a person is asked.")
    description: str = Field(description="Of the tool; empty where it is gone.")
    limit: float | None = Field(description="The sum up to which nobody is asked; null where the tool is gone.")
    requested_at: datetime
    expires_at: datetime | None = Field(description="By when it is refused unless somebody decides.")
    decided_at: datetime | None
    decided_by: UUID | None = Field(description="An agent; null for an operator, or for nobody.")
    decided_by_name: str
    comment: str
    customer: dict[str, str] | None = Field(description="Of the conversation that the call is made for.")
    invocation: ToolCallBody


class ApprovalList(BaseModel):
    """Pending approvals with the oldest first, else the newest first. now: by the server's clock."""

    now: datetime
    approvals: list[ApprovalBody]


class DecisionRequest(BaseModel):
    """What a person decides, and says of it."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "refuse"]
    comment: str = Field("", max_length=LONGEST_COMMENT)


def tool_body(offered: OfferedTool) -> ToolBody:
    """A tool as the API shows it."""
    spec, rules = offered.tool.spec, offered.rules
    return ToolBody(
        name=spec.name,
        description=spec.description,
        input_schema=dict(spec.input_schema),
        output_schema=dict(spec.output_schema),
        side_effect=spec.side_effect,
        source=spec.source,
        allowed=rules.allowed,
        callers=list(rules.callers),
        approval=rules.approval,
        limit=float(rules.limit),
        per_minute=rules.per_minute,
        timeout=rules.timeout,
        undoable=spec.undoable,
    )


def money(amount: Decimal | None) -> float | None:
    """As JSON has it."""
    return None if amount is None else float(amount)
