"""Which plans a tenant has: its own, kept as versions that never change, and those that come with the project."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from sqlalchemy import func, select, update

from components.agents.plans.plan import Plan, goal_key
from components.agents.plans.plan_checks import ToolSchemas
from components.agents.plans.plan_reading import read_plan
from components.core.errors import Conflict, InvalidInput, NotFound
from components.core.tenant import Tenant, TenantContext
from components.database.action_tables import GoalPlanRow
from components.database.session import Database
from components.helpdesk.audit import record_action
from components.helpdesk.prompt_rows import writing
from components.tools.registry import ToolRegistry

MOST_PLANS = 200
_SHIPPED = Path(__file__).resolve().parents[1] / "shipped"


class Plans:
    """A tenant's own plan stands before a shipped one of its name or its goal. Thread-safe. Every method raises
    DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, tenant: TenantContext) -> tuple[Plan, ...]:
        """Those that hold, by name."""
        query = select(GoalPlanRow).where(GoalPlanRow.tenant_id == tenant.tenant_id, GoalPlanRow.active)
        with self._database.tenant(tenant) as session:
            rows = [(row.name, row.source, row.version) for row in session.scalars(query)]
        own = {name: _read(name, source, version) for name, source, version in rows}
        goals = {plan.goal_key for plan in own.values()}
        theirs = (plan for plan in shipped_plans() if plan.name not in own and plan.goal_key not in goals)
        return tuple(sorted((*own.values(), *theirs), key=lambda plan: plan.name))

    def get(self, tenant: TenantContext, name: str) -> Plan:
        """Raises NotFound that names those there are."""
        plans = {plan.name: plan for plan in self.list(tenant)}
        if name not in plans:
            raise NotFound(f"no plan is called {name[:80]!r}: there are {', '.join(plans)}", field="plan")
        return plans[name]

    def find_for(self, tenant: TenantContext, goal: str) -> Plan | None:
        """The plan of this goal."""
        return next((plan for plan in self.list(tenant) if plan.goal_key == goal_key(goal)), None)

    def save(self, tenant: TenantContext, name: str, source: str, *, author: str, tools: ToolSchemas) -> Plan:
        """The plan, which holds from now on for runs that begin; the version that says the same already, where that
        holds. Raises InvalidPlan, InvalidInput past 200 plans, and Conflict where another one came in between."""
        plan = read_plan(name, source, tools=tools)
        mine = (GoalPlanRow.tenant_id == tenant.tenant_id, GoalPlanRow.name == name)
        others = [each for each in self.list(tenant) if each.name != name and each.version]
        if len(others) >= MOST_PLANS:
            raise InvalidInput(f"{MOST_PLANS} plans are kept already: remove one first", field="plan")
        if twin := next((each for each in others if each.goal_key == plan.goal_key), None):
            raise Conflict(f"the plan {twin.name} is for {plan.goal!r} already: remove it first", field="goal")
        with writing(self._database, tenant) as session:
            held = session.scalar(select(GoalPlanRow).where(*mine, GoalPlanRow.active))
            if held is not None and held.source == source:
                return _read(name, source, held.version)
            version = (session.scalar(select(func.max(GoalPlanRow.version)).where(*mine)) or 0) + 1
            session.execute(update(GoalPlanRow).where(*mine).values(active=False))
            session.add(
                GoalPlanRow(
                    tenant_id=tenant.tenant_id, name=name, version=version, source=source, author=author, active=True
                )
            )
            record_action(session, tenant.tenant_id, "plan.saved", {"name": name, "version": version, "author": author})
        return _read(name, source, version)

    def remove(self, tenant: TenantContext, name: str, *, author: str) -> None:
        """The tenant's own holds no longer; a run that has begun goes on with it. Raises NotFound."""
        mine = (GoalPlanRow.tenant_id == tenant.tenant_id, GoalPlanRow.name == name, GoalPlanRow.active)
        with self._database.tenant(tenant) as session:
            taken = update(GoalPlanRow).where(*mine).values(active=False).returning(GoalPlanRow.version)
            version = session.scalar(taken)
            if version is None:
                raise NotFound(f"the tenant has no plan of its own called {name[:80]!r}", field="plan")
            details = {"name": name, "version": version, "author": author}
            record_action(session, tenant.tenant_id, "plan.removed", details)


def tool_schemas(registry: ToolRegistry, tenant: Tenant) -> ToolSchemas:
    """Of every tool that there is for a tenant, permitted or not."""
    return {each.tool.spec.name: each.tool.spec.input_schema for each in registry.offered(tenant)}


@cache
def shipped_plans() -> tuple[Plan, ...]:
    """By name. Raises InvalidPlan, which a test sees to."""
    return tuple(_read(path.stem, path.read_text("utf-8"), 0) for path in sorted(_SHIPPED.glob("*.yaml")))


@lru_cache(maxsize=512)
def _read(name: str, source: str, version: int) -> Plan:
    return read_plan(name, source, version=version)
