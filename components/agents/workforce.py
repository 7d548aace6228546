"""Carries out what conversations order: each order is a run, which goes on without the conversation where it must."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import cast, update
from sqlalchemy.dialects.postgresql import JSONB

from components.agents.run import ENDED, NewRun, WorkRun
from components.agents.run_rows import RUNS, find_run
from components.agents.workflows.store import Workflows, workflow_names
from components.agents.workshop import Workshop
from components.core.errors import InvalidInput, WorkflowUnavailable
from components.core.tenant import Tenant, TenantContext
from components.core.work import WorkDone, WorkKind, WorkOrder
from components.database.session import Database
from components.tools.arguments import checked_arguments
from components.tools.invocation import Failure, error_of
from components.tools.permission import rules_for
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller

# Of a turn's time, what storing the turn and its run takes.
SPARED_SECONDS = 0.5
# A customer is told before that it takes longer.
MOST_SECONDS = 10.0
# In a run's `about`: its conversation was told that it goes on.
TOLD = "told_pending"


class ActionsWorkforce:
    """Keeps components.core.work.Workforce. Thread-safe."""

    def __init__(
        self,
        database: Database,
        workshop: Workshop,
        registry: ToolRegistry,
        workflows: Workflows,
        tenant_of: Callable[[TenantContext], Tenant],
    ) -> None:
        self._database, self._workshop, self._registry = database, workshop, registry
        self._workflows, self._tenant_of = workflows, tenant_of

    def names(self, tenant: TenantContext) -> Mapping[WorkKind, frozenset[str]]:
        """The tenant's workflows, and the tools that flows may call."""
        found = self._tenant_of(tenant)
        offered = self._registry.offered(found, Caller("flow"))
        return {
            "workflow": workflow_names(self._database, tenant),
            "tool": frozenset(each.tool.spec.name for each in offered),
        }

    def carry_out(self, tenant: TenantContext, order: WorkOrder, *, deadline: float) -> WorkDone:
        """values: what the tool gave; of a workflow, what its nodes gave, each node's own under `nodes` too. pending
        where it goes on: see `work_returns` of the dialogue."""
        seconds = min(max(deadline - SPARED_SECONDS, 0.1), MOST_SECONDS)
        run = self._workshop.run(tenant, self._new(tenant, order), seconds=seconds)
        if not run.ended:
            run = self._tell_pending(tenant, run)
        if not run.ended:
            return WorkDone({}, pending="approval" if run.status == "waiting" and run.wake_at is None else "time")
        if run.status == "done":
            return WorkDone(values_of(run))
        raise _error_of(run)

    def _new(self, tenant: TenantContext, order: WorkOrder) -> NewRun:
        found, key, about = self._tenant_of(tenant), f"flow/{order.key}", order.about
        if order.kind == "workflow":
            stored = self._workflows.get(tenant, order.name)
            new = self._workflows.new_run(
                found,
                stored,
                order.arguments,
                key=key,
                caller="flow",
                conversation_id=order.conversation_id,
                about=about,
            )
            return replace(new, goal=order.goal)
        spec = self._registry.get(found, order.name).spec
        rules_for(found, spec).require(spec, Caller("flow"))
        # What a flow's text makes of a variable that is not there is as good as not given.
        there = {name: value for name, value in order.arguments.items() if value is not None}
        given = checked_arguments(order.name, spec.input_schema, there)
        return NewRun("tool", order.name, key, {}, given, "flow", conversation_id=order.conversation_id, about=about)

    def _tell_pending(self, tenant: TenantContext, run: WorkRun) -> WorkRun:
        """Marks that the conversation does not wait for it, unless it has ended this moment."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            mark = RUNS.c.state.op("||")(cast({TOLD: True}, JSONB))
            going = update(RUNS).where(
                RUNS.c.tenant_id == tenant.tenant_id, RUNS.c.run_id == run.run_id, RUNS.c.status.not_in(ENDED)
            )
            connection.execute(going.values(state=mark))
            found = find_run(connection, tenant, run_id=run.run_id)
        if found is None:
            raise WorkflowUnavailable(f"{run.name}: the run is gone: its tenant may have been deleted")
        return found


def values_of(run: WorkRun) -> dict[str, Any]:
    """What a flow may read of a run that is done."""
    result = dict(run.result or {})
    if run.kind != "workflow":
        return result
    values: dict[str, Any] = {}
    for given in (*result.get("nodes", {}).values(), result.get("json")):
        if isinstance(given, Mapping):
            values |= given
    return {**values, "nodes": result.get("nodes", {})}


def _error_of(run: WorkRun) -> Exception:
    fault = run.fault
    if run.status == "failed" and fault is not None:
        error = error_of(Failure(fault.code, fault.message))
        if isinstance(error, InvalidInput) or error.code in ("tool_refused", "not_found"):
            return error
        return WorkflowUnavailable(f"{run.name}: {fault.message}")
    return WorkflowUnavailable(f"{run.name}: the run is {run.status}{(fault and ': ' + fault.message) or ''}")
