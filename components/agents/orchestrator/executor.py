"""Goals pursued: by a language model where the tenant has one that calls tools, else by the plan declared for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.agents.journal import Journal, StepFailed
from components.agents.orchestrator.model_turns import Models
from components.agents.orchestrator.transcript import done_by, transcript_of
from components.agents.pausing import HandsOver
from components.agents.plans.library import Plans
from components.agents.plans.plan import Plan
from components.agents.plans.plan_reading import read_plan
from components.agents.plans.plan_running import follow, values_for
from components.agents.tool_steps import KIND as TOOL
from components.agents.tool_steps import call_tool
from components.core.chat_model import ToolDefinition
from components.core.errors import InvalidInput, NotFound
from components.core.tenant import Tenant
from components.helpdesk.tenant_config import read_config
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller

CALLER = Caller("orchestrator")


class Orchestrator:
    """Keeps components.agents.goals.GoalExecutor, and components.agents.workshop.Runner for runs of the kind `goal`,
    whose document may name the `plan` to follow even where there is a model."""

    def __init__(self, registry: ToolRegistry, plans: Plans, models: Models | None) -> None:
        """models: none = goals are reached by plans alone."""
        self._registry, self._plans, self._models = registry, plans, models

    def run(self, journal: Journal) -> Mapping[str, Any]:
        run = journal.run
        return self._pursued(journal, "", run.goal, run.input, run.document.get("plan"))

    def execute(self, journal: Journal, prefix: str, goal: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What came of it: `summary`, what its plan or model gives beside, and `done`, the last result of each tool
        that was called. See GoalExecutor."""
        return self._pursued(journal, prefix, goal, given, None)

    def check(self, tenant: Tenant, goal: str, given: Mapping[str, Any], plan: str | None = None) -> None:
        """That there is a way to the goal, before a run is begun. Raises InvalidInput, NotFound."""
        self._choice(tenant, goal, given, plan)

    def _pursued(
        self, journal: Journal, prefix: str, goal: str, given: Mapping[str, Any], plan: str | None
    ) -> Mapping[str, Any]:
        try:
            chosen = self._chosen(journal, f"{prefix}way", goal, given, plan, instead=False)
            if "plan" in chosen:
                reached = self._by_plan(journal, prefix, chosen)
            else:
                reached = self._by_model(journal, prefix, goal, given, chosen)
        except HandsOver as over:
            there = {"goal": goal, "done": done_by(journal, prefix), "transcript": transcript_of(journal, prefix)}
            raise HandsOver(over.reason, {**over.result, **there}) from over
        return {**reached, "done": done_by(journal, prefix)}

    def _chosen(
        self, journal: Journal, step: str, goal: str, given: Mapping[str, Any], plan: str | None, *, instead: bool
    ) -> Mapping[str, Any]:
        """The way to the goal as it was chosen at first, whatever the tenant's configuration has become."""
        try:
            return journal.step(
                step,
                "choice",
                {"goal": goal, "plan": plan},
                lambda _: self._choice(journal.tenant, goal, given, plan, by_plan=instead),
            )
        except StepFailed as failed:
            raise failed.error from failed

    def _choice(
        self, tenant: Tenant, goal: str, given: Mapping[str, Any], plan: str | None, *, by_plan: bool = False
    ) -> dict[str, Any]:
        specs = [each.tool.spec for each in self._registry.offered(tenant, CALLER)]
        if plan is None and not by_plan and self._models is not None and specs:
            model = self._models.find(tenant.context)
            if model is not None:
                tools = [
                    {"name": spec.name, "description": spec.description, "parameters": dict(spec.input_schema)}
                    for spec in specs
                ]
                reads = [spec.name for spec in specs if spec.side_effect == "read"]
                return {"model": model, "tools": tools, "reads": reads}
        found = self._plan_for(tenant, goal, plan)
        kept = {"name": found.name, "version": found.version, "source": found.source}
        return {"plan": kept, "values": values_for(found, given), "tools": [spec.name for spec in specs]}

    def _plan_for(self, tenant: Tenant, goal: str, plan: str | None) -> Plan:
        if plan is not None:
            return self._plans.get(tenant.context, plan)
        found = self._plans.find_for(tenant.context, goal)
        if found is None:
            goals = ", ".join(repr(each.goal) for each in self._plans.list(tenant.context))
            raise InvalidInput(
                f"goal={goal[:200]!r}: the tenant has no model that calls tools, and there are plans for "
                f"{goals or 'no goal'} only",
                field="goal",
            )
        return found

    def _by_plan(self, journal: Journal, prefix: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
        kept = chosen["plan"]
        plan = read_plan(kept["name"], kept["source"], version=kept["version"])

        def call(step: str, tool: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
            return call_tool(self._registry, journal, f"{prefix}{step}", tool, arguments, caller=CALLER.kind)

        return follow(plan, chosen["values"], chosen["tools"], call)

    def _by_model(
        self, journal: Journal, prefix: str, goal: str, given: Mapping[str, Any], chosen: Mapping[str, Any]
    ) -> dict[str, Any]:
        # Imports AutoGen, which takes a second that whoever pursues no goal with a model need not wait.
        from components.agents.orchestrator.agent import pursue

        if self._models is None:
            raise InvalidInput("the run was begun with a language model, and this process has none", field="goal")
        offered = [ToolDefinition(**tool) for tool in chosen["tools"]]
        try:
            return pursue(
                self._models,
                self._registry,
                journal,
                prefix,
                goal,
                given,
                offered=offered,
                reads=frozenset(chosen["reads"]),
                limits=read_config(journal.tenant.config).actions,
            )
        except StepFailed as failed:
            return self._without_model(journal, prefix, goal, given, failed)

    def _without_model(
        self, journal: Journal, prefix: str, goal: str, given: Mapping[str, Any], failed: StepFailed
    ) -> dict[str, Any]:
        """By the plan, where no model answers and nothing has been done yet; else a person goes on."""
        reason = f"no model answered ({failed.error.message})"
        instead = f"{prefix}way instead"
        if any(step.kind == TOOL and step.name.startswith(prefix) for step in journal.steps) and not journal.find(
            instead
        ):
            raise HandsOver(reason) from failed
        try:
            chosen = self._chosen(journal, instead, goal, given, None, instead=True)
        except (InvalidInput, NotFound):
            raise HandsOver(reason) from failed
        return self._by_plan(journal, prefix, chosen)
