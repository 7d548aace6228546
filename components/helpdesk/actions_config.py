"""What a tenant may say about what is done for it: which tools, how often, up to which sum, and who is asked."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StrictInt

TOOL_NAME = r"^[a-z][a-z0-9_]{0,63}$"

# Who calls tools: programs with the tenant's key, agents at the console, flows, workflows, the orchestrator, MCP
# clients, and operators at the command line.
CallerKind = Literal["api", "agent", "flow", "workflow", "orchestrator", "mcp", "operator"]
CALLERS: tuple[CallerKind, ...] = get_args(CallerKind)
ApprovalRule = Literal["never", "always", "above"]

ToolName = Annotated[str, Field(pattern=TOOL_NAME)]
Sum = Annotated[Decimal, Field(ge=0, lt=10**9, allow_inf_nan=False)]


class ToolRules(BaseModel):
    """What holds for one tool. callers: none = all. approval: `above` = for what moves more than `limit`, or nobody
    knows how much; none = the same, but not where a tool of no money does not say what it moves. limit: none =
    `actions.limit`. per_minute, timeout (seconds): none = the tool's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed: bool = True
    callers: tuple[CallerKind, ...] | None = None
    approval: ApprovalRule | None = None
    limit: Sum | None = None
    per_minute: StrictInt | None = Field(default=None, ge=1, le=100_000)
    timeout: float | None = Field(default=None, gt=0, le=300, allow_inf_nan=False)


class ActionsConfig(BaseModel):
    """limit: the sum up to which nobody is asked, in the shop's currency. approval_hours: after which what nobody has
    decided is refused. steps, seconds, tokens, cost: the most that one goal may take of the orchestrator; cost in the
    currency of the models file, none = the tenant's budget alone bounds it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Sum = Decimal(0)
    approval_hours: float = Field(default=72.0, gt=0, le=8760, allow_inf_nan=False)
    steps: StrictInt = Field(default=12, ge=1, le=100)
    seconds: float = Field(default=120.0, gt=0, le=3600, allow_inf_nan=False)
    tokens: StrictInt = Field(default=40_000, ge=100, le=10_000_000)
    cost: Sum | None = None


class CredentialConfig(BaseModel):
    """What a workflow's node is let in with elsewhere, by the name that the workflow has for it. secret: env:NAME or
    file:/absolute/path. name: of the header, or of the query's parameter, that carries it. user: of httpBasicAuth."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: str = Field(min_length=1, max_length=500, pattern=r"^(env:.+|file:/.+)$")
    name: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9_-]{1,100}$")
    user: str = Field(default="", max_length=200)


CredentialName = Annotated[str, Field(min_length=1, max_length=100)]
