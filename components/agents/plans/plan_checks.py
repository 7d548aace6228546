"""What a schema cannot say of a plan: its templates, the values they name, its tools and their arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.agents.plans.plan import PlanProblem
from components.agents.plans.plan_words import problem_at
from components.core.alternatives import allowed
from components.core.errors import InvalidInput
from components.core.template_inspection import (
    VariableUse,
    fault_of_condition,
    fault_of_text,
    variables_of_condition,
    variables_of_text,
)
from components.core.written_yaml import Path, Written
from components.tools.arguments import check_schema

# Input schemas of tools, by name.
ToolSchemas = Mapping[str, Mapping[str, Any]]
GIVEN = ("tools", "results", "errors", "goal")


def check_content(written: Written, tools: ToolSchemas | None) -> tuple[PlanProblem, ...]:
    """Of a plan that keeps to its schema."""
    return tuple(_problems(written, tools))


def _problems(written: Written, tools: ToolSchemas | None) -> Iterator[PlanProblem]:
    plan: Mapping[str, Any] = written.value
    values = {**plan.get("needs", {}), **plan.get("may_use", {})}
    for kind in ("needs", "may_use"):
        for name, schema in plan.get(kind, {}).items():
            if name in plan.get("needs", {}) and kind == "may_use":
                yield problem_at(written, (kind, name), f"{name!r} stands under needs already")
            try:
                check_schema(schema, name)
            except InvalidInput as error:
                yield problem_at(written, (kind, name), error.message)
    known = {*GIVEN, *values}
    before: list[str] = []
    for index, step in enumerate(plan["steps"]):
        path: Path = ("steps", index)
        if step["id"] in before:
            yield problem_at(written, (*path, "id"), f"the id {step['id']!r} stands twice; once is allowed")
        if "when" in step:
            yield from _condition(written, (*path, "when"), step["when"], known, before)
        yield from _templates(written, (*path, "arguments"), step.get("arguments", {}), known, before)
        if tools is not None:
            yield from _tool(written, path, step, tools)
        before.append(step["id"])
    yield from _templates(written, ("result",), plan["result"], known, before)


def _tool(written: Written, path: Path, step: Mapping[str, Any], tools: ToolSchemas) -> Iterator[PlanProblem]:
    name, arguments = step["tool"], step.get("arguments", {})
    if name not in tools:
        yield problem_at(written, (*path, "tool"), f"no tool is called {name!r}: {allowed(name, tools)}")
        return
    schema = tools[name]
    properties = schema.get("properties", {})
    if schema.get("additionalProperties") is False:
        for argument in (each for each in arguments if each not in properties):
            message = f"{argument!r} is no argument of {name}: {allowed(argument, properties)}"
            yield problem_at(written, (*path, "arguments", argument), message)
    for argument in (each for each in schema.get("required", ()) if each not in arguments):
        yield problem_at(written, (*path, "tool"), f"the argument {argument!r} is missing: {name} needs it")


def _condition(written: Written, path: Path, source: str, known: set[str], before: list[str]) -> Iterator[PlanProblem]:
    fault = fault_of_condition(source)
    if fault is not None:
        yield problem_at(written, path, f"condition {source[:60]!r}: {fault.message}")
        return
    for use in variables_of_condition(source):
        yield from _use(written, path, 0, use, known, before)


def _templates(written: Written, path: Path, value: Any, known: set[str], before: list[str]) -> Iterator[PlanProblem]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _templates(written, (*path, key), inner, known, before)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _templates(written, (*path, index), inner, known, before)
    elif isinstance(value, str):
        fault = fault_of_text(value)
        if fault is not None:
            yield _below(problem_at(written, path, f"template: {fault.message}"), written, path, fault.line)
            return
        for use in variables_of_text(value):
            yield from _use(written, path, use.line, use, known, before)


def _use(
    written: Written, path: Path, line: int, use: VariableUse, known: set[str], before: list[str]
) -> Iterator[PlanProblem]:
    """A template may name what the plan is given, and what comes of the steps before it."""
    if use.name not in known:
        message = f"{use.name!r} is not known here: {allowed(use.name, known)}"
        yield _below(problem_at(written, path, message), written, path, line)
    elif use.name in ("results", "errors") and use.key is not None and use.key not in before:
        message = f"no step before this one is {use.key!r}: {allowed(use.key, before)}"
        yield _below(problem_at(written, path, message), written, path, line)


def _below(problem: PlanProblem, written: Written, path: Path, line: int) -> PlanProblem:
    """The same, at the line within a text of several."""
    first = written.text_lines.get(path)
    if first is None or line < 1:
        return problem
    return PlanProblem(problem.file, first + line - 1, problem.step, problem.message)
