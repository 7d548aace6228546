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
    from components.agents.workshop import Workshop
    from components.gateway.event_loop import EventLoopThread
    from components.helpdesk.searching import Searching
    from components.tools.added import AddedTools
    from components.tools.approvals import Approvals
    from components.tools.registry import Heard, ToolRegistry


@dataclass(frozen=True)
class Actions:
    """tools: the registry. added: what tenants have added to it. workshop: where runs are begun and worked on. foreman:
    makes what goes on with runs in the background, for whoever serves to start and close."""

    tools: ToolRegistry
    added: AddedTools
    approvals: Approvals
    workshop: Workshop
    foreman: Callable[[], Foreman]


def open_actions(
    database: Database,
    tenants: TenantRegistry,
    searching: Searching,
    loop: EventLoopThread,
    *,
    heard: Heard | None = None,
) -> Actions:
    """Wires them; starts nothing. loop: on which other systems' answers are waited for. heard: hears of every call of a
    tool."""
    from components.agents.foreman import Foreman
    from components.agents.run import RunKind
    from components.agents.runs import wake_for
    from components.agents.workshop import Runner, Workshop
    from components.tools.approvals import Approvals
    from components.tools.built_in.built_in_tools import built_in_tools
    from components.tools.registry import ToolRegistry, heard_by_nobody

    def tenant_of(context: TenantContext) -> Tenant:
        return tenants.get(context.tenant_id)

    added = open_added(database, loop)
    tools = ToolRegistry(database, built_in_tools(database, searching), added.of, heard=heard or heard_by_nobody)
    approvals = Approvals(database, wake_for)
    runners: dict[RunKind, Runner] = {}
    workshop = Workshop(database, runners, tenant_of)
    return Actions(tools, added, approvals, workshop, partial(Foreman, database, workshop, tools, approvals, tenant_of))


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
