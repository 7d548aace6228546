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
    from components.helpdesk.searching import Searching
    from components.tools.approvals import Approvals
    from components.tools.registry import ToolRegistry


@dataclass(frozen=True)
class Actions:
    """tools: the registry. workshop: where runs are begun and worked on. foreman: makes what goes on with runs in the
    background, for whoever serves to start and close."""

    tools: ToolRegistry
    approvals: Approvals
    workshop: Workshop
    foreman: Callable[[], Foreman]


def open_actions(database: Database, tenants: TenantRegistry, searching: Searching) -> Actions:
    """Wires them; starts nothing."""
    from components.agents.foreman import Foreman
    from components.agents.run import RunKind
    from components.agents.runs import wake_for
    from components.agents.workshop import Runner, Workshop
    from components.tools.approvals import Approvals
    from components.tools.built_in.built_in_tools import built_in_tools
    from components.tools.registry import ToolRegistry

    def tenant_of(context: TenantContext) -> Tenant:
        return tenants.get(context.tenant_id)

    tools = ToolRegistry(database, built_in_tools(database, searching))
    approvals = Approvals(database, wake_for)
    runners: dict[RunKind, Runner] = {}
    workshop = Workshop(database, runners, tenant_of)
    return Actions(tools, approvals, workshop, partial(Foreman, database, workshop, tools, approvals, tenant_of))
