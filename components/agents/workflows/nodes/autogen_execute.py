"""AutoGen.Execute: a goal, pursued by the orchestrator for each item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.agents.journal import StepFailed
from components.agents.workflows.item import Item, Outputs
from components.agents.workflows.node_kind import NodeKind
from components.agents.workflows.parameters import TIME_LIMIT, as_object, as_text, not_one_of, options_of, unsupported
from components.agents.workflows.visit import Visit
from components.agents.workflows.workflow import Node
from components.core.errors import InvalidInput


def _check(node: Node) -> Iterator[str]:
    yield from unsupported(node.parameters, ("goal", "context", "plan", "options"))
    yield from not_one_of(node.parameters, "plan", "", ("",))
    yield from options_of(node.parameters, TIME_LIMIT)
    if not isinstance(node.parameters.get("goal"), str) or not node.parameters["goal"].strip():
        yield "the parameter 'goal' is missing: what is to be reached is allowed"


def _run(visit: Visit) -> Outputs:
    goals = visit.services.goals
    if goals is None:
        raise InvalidInput(f"the node {visit.node.name!r} has a goal, and nobody here pursues any", field="goal")

    def pursue(index: int, item: Item) -> Mapping[str, Any]:
        goal = as_text(visit.parameter("goal", index), "goal")
        context = as_object(visit.parameter("context", index, {}), "context")
        prefix = f"{visit.step}/" if len(visit.items) == 1 else f"{visit.step}/{index + 1}/"
        try:
            return goals.execute(visit.journal, prefix, goal, {**item.json, **context})
        except StepFailed as failed:
            raise failed.error from failed

    return visit.each(pursue)


AUTOGEN_EXECUTE = NodeKind(_run, _check)
