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
    from components.tools.added import AddedTools
    from components.tools.approvals import Approvals
    from components.tools.registry import ToolRegistry


@dataclass(frozen=True)
class Actions:
    """tools: the registry. added: what tenants have added to it. workshop: where runs are begun and worked on. foreman:
    makes what goes on with runs in the background, for whoever serves to start and close."""

    tools: ToolRegistry
    added: AddedTools
    approvals: Approvals
    workshop: Workshop
    foreman: Callable[[], Foreman]


def open_actions(database: Database, tenants: TenantRegistry, loop: EventLoopThread) -> Actions:
    """Wires them; starts nothing. loop: on which other systems' answers are waited for."""
    from components.agents.foreman import Foreman
    from components.agents.run import RunKind
    from components.agents.runs import wake_for
    from components.agents.workshop import Runner, Workshop
    from components.tools.added import AddedSource, AddedTools, MakeTool
    from components.tools.approvals import Approvals
    from components.tools.built_in.create_ticket import CreateTicket
    from components.tools.mcp.mcp_tool import mcp_tool
    from components.tools.openapi.operation_tool import operation_tool
    from components.tools.registry import ToolRegistry

    def tenant_of(context: TenantContext) -> Tenant:
        return tenants.get(context.tenant_id)

    makers: dict[AddedSource, MakeTool] = {
        "openapi": partial(operation_tool, loop=loop),
        "mcp": partial(mcp_tool, loop=loop),
    }
    added = AddedTools(database, makers, lambda: tools.built_in)
    tools = ToolRegistry(database, [CreateTicket()], added.of)
    approvals = Approvals(database, wake_for)
    runners: dict[RunKind, Runner] = {}
    workshop = Workshop(database, runners, tenant_of)
    return Actions(tools, added, approvals, workshop, partial(Foreman, database, workshop, tools, approvals, tenant_of))
