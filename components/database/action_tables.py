"""Tables of actions: which tools a tenant has added, every call of one, what waits for approval, and durable runs."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from components.database.declarative import Base, Json, Key, MaybeMoment, Moment, TenantId, TenantKey


class AddedToolRow(Base):
    """A tool that a tenant has added: an operation of an OpenAPI document, or a tool of an MCP server. declaration: all
    that is needed to call it; secrets in it are references."""

    __tablename__ = "added_tools"
    __table_args__ = (CheckConstraint("source IN ('openapi', 'mcp')", name="source"),)

    tenant_id: Mapped[TenantKey]
    name: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    origin: Mapped[str]
    declaration: Mapped[Json]
    added_at: Mapped[Moment]


class ToolInvocationRow(Base):
    """One call of a tool, which its key makes once. arguments: as they were checked. price: in money of the tenant's
    shop, what the call moves. error: {code, message, field}. undo: {tool, arguments} of the call that takes it back;
    undone_by: that call. leased_until: by when a call under way outside has ended, or its process has died."""

    __tablename__ = "tool_invocations"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        UniqueConstraint("tenant_id", "invocation_id"),
        CheckConstraint(
            "status IN ('running', 'waiting', 'done', 'failed', 'refused', 'unknown')",
            name="status",
        ),
        CheckConstraint("side_effect IN ('read', 'write', 'money')", name="side_effect"),
        Index(None, "tenant_id", "started_at"),
        Index(None, "tenant_id", "tool", "started_at"),
        Index(None, "tenant_id", "conversation_id"),
        Index(None, "tenant_id", "run_id"),
    )

    invocation_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    key: Mapped[str]
    tool: Mapped[str]
    side_effect: Mapped[str]
    status: Mapped[str]
    caller: Mapped[str]
    caller_id: Mapped[str] = mapped_column(server_default="")
    arguments: Mapped[Json]
    price: Mapped[Decimal | None]
    result: Mapped[Json | None]
    error: Mapped[Json | None]
    undo: Mapped[Json | None]
    undone_by: Mapped[UUID | None] = mapped_column(Uuid)
    conversation_id: Mapped[UUID | None] = mapped_column(Uuid)
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    attempts: Mapped[int] = mapped_column(server_default="1")
    leased_until: Mapped[MaybeMoment]
    started_at: Mapped[Moment]
    finished_at: Mapped[MaybeMoment]
    seconds: Mapped[float | None]


class ApprovalRow(Base):
    """What a person is asked before a call is made. reason: why it is asked. decided_by: an agent."""

    __tablename__ = "approvals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "invocation_id"],
            ["tool_invocations.tenant_id", "tool_invocations.invocation_id"],
            name="fk_approvals_invocation",
            ondelete="CASCADE",
        ),
        UniqueConstraint("tenant_id", "invocation_id"),
        CheckConstraint("status IN ('pending', 'approved', 'refused', 'expired')", name="status"),
        Index(None, "tenant_id", "status", "requested_at"),
    )

    approval_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    invocation_id: Mapped[UUID] = mapped_column(Uuid)
    status: Mapped[str] = mapped_column(server_default="pending")
    reason: Mapped[str]
    requested_at: Mapped[Moment]
    expires_at: Mapped[MaybeMoment]
    decided_at: Mapped[MaybeMoment]
    decided_by: Mapped[UUID | None] = mapped_column(Uuid)
    comment: Mapped[str] = mapped_column(server_default="")


class ToolPaceRow(Base):
    """By when a tool's calls so far are within its rate, for all processes (the generic cell rate algorithm)."""

    __tablename__ = "tool_paces"

    tenant_id: Mapped[TenantKey]
    tool: Mapped[str] = mapped_column(primary_key=True)
    paced_until: Mapped[Moment]


class WorkflowRow(Base):
    """A version of a workflow in n8n's JSON. active: the one that runs. webhook: the path that starts it."""

    __tablename__ = "workflows"
    __table_args__ = (
        Index("uq_workflows_active", "tenant_id", "name", unique=True, postgresql_where=text("active")),
        Index(
            "uq_workflows_webhook",
            "tenant_id",
            "webhook",
            unique=True,
            postgresql_where=text("active AND webhook IS NOT NULL"),
        ),
    )

    tenant_id: Mapped[TenantKey]
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[Json]
    active: Mapped[bool] = mapped_column(server_default="false")
    webhook: Mapped[str | None]
    created_at: Mapped[Moment]


class GoalPlanRow(Base):
    """A version of a declared plan. source: its YAML. active: the one that is followed."""

    __tablename__ = "goal_plans"
    __table_args__ = (Index("uq_goal_plans_active", "tenant_id", "name", unique=True, postgresql_where=text("active")),)

    tenant_id: Mapped[TenantKey]
    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    author: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[Moment]


class WorkRunRow(Base):
    """A run of a workflow or of the orchestrator, which its key makes once.

    document: what runs, as it was when the run began. input: JSON values that it was given. state: what it has come to
    beside its steps. wake_at: when it goes on by itself; null while it waits for a person or has ended. leased_by: who
    works on it, a fence. parent: the run whose step began this one.
    """

    __tablename__ = "work_runs"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        UniqueConstraint("tenant_id", "run_id"),
        CheckConstraint("kind IN ('workflow', 'goal', 'tool')", name="kind"),
        CheckConstraint(
            "status IN ('running', 'waiting', 'done', 'failed', 'handed_over', 'cancelled')",
            name="status",
        ),
        Index(None, "tenant_id", "started_at"),
        Index(None, "tenant_id", "conversation_id"),
        Index("ix_work_runs_wake_at", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
    )

    run_id: Mapped[Key]
    tenant_id: Mapped[TenantId]
    key: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="0")
    goal: Mapped[str] = mapped_column(server_default="")
    document: Mapped[Json]
    input: Mapped[Json]
    state: Mapped[Json] = mapped_column(server_default="{}")
    caller: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="running")
    result: Mapped[Json | None]
    error: Mapped[Json | None]
    conversation_id: Mapped[UUID | None] = mapped_column(Uuid)
    parent: Mapped[UUID | None] = mapped_column(Uuid)
    wake_at: Mapped[MaybeMoment]
    leased_by: Mapped[UUID | None] = mapped_column(Uuid)
    leased_until: Mapped[MaybeMoment]
    claims: Mapped[int] = mapped_column(server_default="0")
    started_at: Mapped[Moment]
    finished_at: Mapped[MaybeMoment]


class WorkStepRow(Base):
    """One step of a run, stored when it begins and when it has ended; one that has ended is never done again. name: the
    step's own within its run, such as `Create Ticket` or `Create Ticket#2`."""

    __tablename__ = "work_steps"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "run_id"],
            ["work_runs.tenant_id", "work_runs.run_id"],
            name="fk_work_steps_run",
            ondelete="CASCADE",
        ),
        UniqueConstraint("tenant_id", "run_id", "number"),
        CheckConstraint("status IN ('running', 'waiting', 'done', 'failed')", name="status"),
    )

    tenant_id: Mapped[TenantKey]
    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]
    input: Mapped[Json]
    output: Mapped[Json | None]
    error: Mapped[Json | None]
    attempts: Mapped[int] = mapped_column(server_default="1")
    invocation_id: Mapped[UUID | None] = mapped_column(Uuid)
    started_at: Mapped[Moment]
    finished_at: Mapped[MaybeMoment]
