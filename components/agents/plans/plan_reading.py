"""A plan's YAML read and checked: every problem names file, line, step, and what is allowed instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from components.agents.plans.plan import Plan, PlanProblem, PlanStep
from components.agents.plans.plan_checks import ToolSchemas, check_content
from components.agents.plans.plan_words import complaints
from components.core.errors import InvalidPlan
from components.core.written_yaml import Written, YamlFault, read_written

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SCHEMA_FILE = FilePath(__file__).parent / "plan.schema.json"
LARGEST_PLAN = 64 * 1024
PLAN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MOST_TOLD = 20


@cache
def plan_schema() -> dict[str, Any]:
    """Draft 2020-12, for editors and for reading. Treat it as read-only."""
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text("utf-8"))
    return schema


def check_plan(file: str, text: str, tools: ToolSchemas | None = None) -> tuple[PlanProblem, ...]:
    """What is wrong with it, by line; nothing where it can be followed. tools: input schemas of those there are, by
    name; none = they are not checked."""
    written = _written(file, text)
    if isinstance(written, PlanProblem):
        return (written,)
    problems = complaints(written, _validator()) or check_content(written, tools)
    return tuple(sorted(set(problems), key=lambda each: (each.line, each.step or "", each.message)))


def read_plan(name: str, text: str, *, file: str = "", version: int = 0, tools: ToolSchemas | None = None) -> Plan:
    """The plan. name: its own, the file's mostly. Raises InvalidPlan with all that is wrong, a line each."""
    if not PLAN_NAME.fullmatch(name):
        raise InvalidPlan(f"plan {name[:80]!r}: 1 to 64 lower-case letters, digits, - and _ are allowed", field="name")
    file = file or f"{name}.yaml"
    problems = check_plan(file, text, tools)
    if problems:
        told = [str(problem) for problem in problems[:_MOST_TOLD]]
        raise InvalidPlan("\n".join(told), field="plan")
    written = _written(file, text)
    if isinstance(written, PlanProblem):
        raise InvalidPlan(str(written), field="plan")
    return _plan(name, written.value, text, version)


def _written(file: str, text: str) -> Written | PlanProblem:
    if len(text) > LARGEST_PLAN:
        return PlanProblem(file, 1, None, f"{len(text):,} characters: at most {LARGEST_PLAN:,} are allowed")
    read = read_written(file, text, needed="a mapping with the keys goal, steps and result")
    return PlanProblem(file, read.line, None, read.message) if isinstance(read, YamlFault) else read


def _plan(name: str, value: Mapping[str, Any], source: str, version: int) -> Plan:
    steps = tuple(
        PlanStep(
            step["id"], step["tool"], step.get("when", ""), step.get("arguments", {}), step.get("on_error", "fail")
        )
        for step in value["steps"]
    )
    return Plan(
        name,
        value["goal"].strip(),
        value.get("description", "").strip(),
        value.get("needs", {}),
        value.get("may_use", {}),
        steps,
        value["result"],
        source,
        version,
    )


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(plan_schema())
