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
    from components.agents.workshop import Workshop
    from components.tools.approvals import Approvals
    from components.tools.registry import ToolRegistry


@dataclass(frozen=True)
class Actions:
    """tools: the registry. plans: declared for goals. goals: who pursues them. workshop: where runs are begun and
    worked on. foreman: makes what goes on with runs in the background, for whoever serves to start and close."""

    tools: ToolRegistry
    approvals: Approvals
    plans: Plans
    goals: Orchestrator
    workshop: Workshop
    foreman: Callable[[], Foreman]


def open_actions(database: Database, tenants: TenantRegistry, models: Models) -> Actions:
    """Wires them; starts nothing."""
    from components.agents.foreman import Foreman
    from components.agents.handing_over import hand_over
    from components.agents.orchestrator.executor import Orchestrator
    from components.agents.plans.library import Plans
    from components.agents.run import RunKind
    from components.agents.runs import wake_for
    from components.agents.workshop import Runner, Workshop
    from components.tools.approvals import Approvals
    from components.tools.built_in.create_ticket import CreateTicket
    from components.tools.registry import ToolRegistry

    def tenant_of(context: TenantContext) -> Tenant:
        return tenants.get(context.tenant_id)

    tools = ToolRegistry(database, [CreateTicket()])
    approvals = Approvals(database, wake_for)
    plans = Plans(database)
    goals = Orchestrator(tools, plans, models)
    runners: dict[RunKind, Runner] = {"goal": goals}
    workshop = Workshop(database, runners, tenant_of, on_ended=[hand_over])
    foreman = partial(Foreman, database, workshop, tools, approvals, tenant_of)
    return Actions(tools, approvals, plans, goals, workshop, foreman)
