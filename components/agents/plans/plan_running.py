"""A plan followed: its steps in their order, those left out whose condition does not hold, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from jsonschema import Draft202012Validator

from components.agents.journal import StepFailed
from components.agents.pausing import HandsOver
from components.agents.plans.plan import Plan
from components.core.errors import InvalidInput
from components.core.templates import holds, render_value

# Calls a tool in a step of this name, and gives its result. Raises StepFailed.
Call = Callable[[str, str, Mapping[str, Any]], Mapping[str, Any]]


def values_for(plan: Plan, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that the plan knows; null is as good as not there. Raises InvalidInput that names the one
    that is missing or does not fit."""
    known = {**plan.needs, **plan.may_use}
    values = {name: given[name] for name in known if given.get(name) is not None}
    for name in plan.needs:
        if name not in values:
            raise InvalidInput(f"the plan {plan.name} for {plan.goal!r} needs {name}, which is missing", field=name)
    for name, value in values.items():
        for error in Draft202012Validator(dict(known[name])).iter_errors(value):
            raise InvalidInput(f"the plan {plan.name}: {name}: {error.message[:300]}", field=name)
    return values


def follow(plan: Plan, values: Mapping[str, Any], tools: Collection[str], call: Call) -> dict[str, Any]:
    """The plan's result. tools: names of those that are permitted. The same for the same outcomes of its calls.
    Raises StepFailed where a step fails that must not, InvalidInput where a template cannot be worked out, HandsOver
    where a step says so, and Paused."""
    results: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    known = {**values, "goal": plan.goal, "tools": dict.fromkeys(tools, True), "results": results, "errors": errors}
    for step in plan.steps:
        if step.when and not holds(step.when, known):
            continue
        arguments = without_nulls(render_value(step.arguments, known))
        try:
            results[step.step_id] = call(step.step_id, step.tool, arguments)
        except StepFailed as failed:
            if step.on_error == "fail":
                raise
            errors[step.step_id] = {"code": failed.error.code, "message": failed.error.message}
            if step.on_error == "hand_over":
                raise HandsOver(
                    f"{step.tool}: {failed.error.message}", without_nulls(render_value(plan.result, known))
                ) from failed
    rendered: dict[str, Any] = without_nulls(render_value(plan.result, known))
    return rendered


def without_nulls(value: Any) -> Any:
    """The mapping, and those in it, without keys that have no value."""
    if isinstance(value, Mapping):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value
