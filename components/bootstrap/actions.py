"""What the helpdesk can do, wired: tools, approvals, and where runs are worked on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.tenants import TenantRegistry

if TYPE_CHECKING:
    from components.agents.foreman import Foreman
    from components.agents.orchestrator.executor import Orchestrator
    from components.agents.orchestrator.model_turns import Models
    from components.agents.plans.library import Plans
    from components.agents.workflows.store import Workflows
    from components.agents.workforce import ActionsWorkforce
    from components.agents.workshop import Workshop
    from components.gateway.event_loop import EventLoopThread
    from components.helpdesk.searching import Searching
    from components.tools.added import AddedTools
    from components.tools.approvals import Approvals
    from components.tools.registry import Heard, ToolRegistry


@dataclass(frozen=True)
class Actions:
    """tools: the registry. added: what tenants have added to it. plans: declared for goals. goals: who pursues them.
    workflows: as tenants have them. workforce: who does
    what conversations order. workshop: where runs are begun and worked on. foreman: makes what goes on with runs
    in the background, for whoever serves to start and close."""

    tools: ToolRegistry
    added: AddedTools
    approvals: Approvals
    plans: Plans
    goals: Orchestrator
    workflows: Workflows
    workforce: ActionsWorkforce
    workshop: Workshop
    foreman: Callable[[], Foreman]


def open_actions(
    database: Database,
    tenants: TenantRegistry,
    searching: Searching,
    models: Models,
    *,
    private: bool = False,
    heard: Heard | None = None,
) -> Actions:
    """Wires them; starts nothing. models: that pursue goals, and the loop on which other systems' answers are waited
    for. private: whether workflows may call addresses that are not public. heard: hears of every call of a tool."""
    from components.agents.foreman import Foreman
    from components.agents.handing_over import hand_over
    from components.agents.orchestrator.executor import Orchestrator
    from components.agents.plans.library import Plans
    from components.agents.run import RunKind
    from components.agents.runs import wake_for
    from components.agents.tool_runner import ToolRunner
    from components.agents.workflows.runner import WorkflowRunner
    from components.agents.workflows.store import Workflows
    from components.agents.workflows.visit import Services
    from components.agents.workforce import ActionsWorkforce
    from components.agents.workshop import Runner, Workshop
    from components.tools.approvals import Approvals
    from components.tools.built_in.built_in_tools import built_in_tools
    from components.tools.registry import ToolRegistry, heard_by_nobody

    def tenant_of(context: TenantContext) -> Tenant:
        return tenants.get(context.tenant_id)

    added = open_added(database, models.loop)
    tools = ToolRegistry(database, built_in_tools(database, searching), added.of, heard=heard or heard_by_nobody)
    approvals = Approvals(database, wake_for)
    plans = Plans(database)
    goals = Orchestrator(tools, plans, models)
    services = Services(tools, models.loop, goals, private)
    runners: dict[RunKind, Runner] = {
        "goal": goals,
        "workflow": WorkflowRunner(services),
        "tool": ToolRunner(tools),
    }
    workshop = Workshop(database, runners, tenant_of, on_ended=[hand_over])
    foreman = partial(Foreman, database, workshop, tools, approvals, tenant_of)
    workflows = Workflows(database, tools)
    workforce = ActionsWorkforce(database, workshop, tools, workflows, tenant_of)
    return Actions(tools, added, approvals, plans, goals, workflows, workforce, workshop, foreman)


def open_added(database: Database, loop: EventLoopThread) -> AddedTools:
    """The tools that tenants have added, alone: what their administration needs."""
    from components.tools.added import AddedSource, AddedTools, MakeTool
    from components.tools.built_in.built_in_tools import BUILT_IN_NAMES
    from components.tools.mcp.mcp_tool import mcp_tool
    from components.tools.openapi.operation_tool import operation_tool

    makers: dict[AddedSource, MakeTool] = {
        "openapi": partial(operation_tool, loop=loop),
        "mcp": partial(mcp_tool, loop=loop),
    }
    return AddedTools(database, makers, lambda: BUILT_IN_NAMES)
