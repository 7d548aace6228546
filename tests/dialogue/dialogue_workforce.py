"""The real workforce for small worlds: tickets, notices and the shop's tools, and the shipped workflow `refund`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from components.agents.foreman import Foreman
from components.agents.handing_over import hand_over
from components.agents.orchestrator.executor import Orchestrator
from components.agents.plans.library import Plans
from components.agents.runs import wake_for
from components.agents.tool_runner import ToolRunner
from components.agents.workflows.runner import WorkflowRunner
from components.agents.workflows.store import Workflows
from components.agents.workflows.visit import Services
from components.agents.workforce import ActionsWorkforce
from components.agents.workshop import Workshop
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.dialogue.work_returns import queue_return
from components.gateway.event_loop import EventLoopThread
from components.helpdesk.tenants import TenantRegistry
from components.tools.approvals import Approvals
from components.tools.built_in.cancel_refund import CancelRefund
from components.tools.built_in.create_ticket import CreateTicket
from components.tools.built_in.lookup_order import LookupOrder
from components.tools.built_in.notify_user import NotifyUser
from components.tools.built_in.refund_order import RefundOrder
from components.tools.built_in.update_ticket import UpdateTicket
from components.tools.registry import ToolRegistry


@dataclass
class Works:
    """One process's. lease: seconds after which another takes over."""

    database: Database
    lease: float = 0.5

    def tenant_of(self, tenant: TenantContext) -> Tenant:
        return TenantRegistry(self.database, Path()).get(tenant.tenant_id)

    @cached_property
    def tools(self) -> ToolRegistry:
        kinds = (CreateTicket, UpdateTicket, NotifyUser, LookupOrder, RefundOrder, CancelRefund)
        return ToolRegistry(self.database, [kind() for kind in kinds])

    @cached_property
    def workshop(self) -> Workshop:
        goals = Orchestrator(self.tools, Plans(self.database), None)
        services = Services(self.tools, EventLoopThread("works"), goals, False)
        runners = {"goal": goals, "workflow": WorkflowRunner(services), "tool": ToolRunner(self.tools)}
        return Workshop(self.database, runners, self.tenant_of, on_ended=[hand_over, queue_return], lease=self.lease)

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals(self.database, wake_for)

    @cached_property
    def workforce(self) -> ActionsWorkforce:
        workflows = Workflows(self.database, self.tools)
        return ActionsWorkforce(self.database, self.workshop, self.tools, workflows, self.tenant_of)

    def foreman(self) -> Foreman:
        return Foreman(self.database, self.workshop, self.tools, self.approvals, self.tenant_of, sweep=0.2)
