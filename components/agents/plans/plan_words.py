"""What the JSON Schema of plans says against a file, in words that name the place and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from components.agents.plans.plan import PlanProblem
from components.core.alternatives import allowed
from components.core.written_yaml import Path, Written

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_KINDS = {"string": "a text", "array": "a list", "object": "a mapping"}
_NAME_RULE = "1 to 64 lower-case letters, digits and _ are allowed, a letter first"


def complaints(written: Written, validator: Draft202012Validator) -> tuple[PlanProblem, ...]:
    """One for each fault."""
    return tuple(found for error in validator.iter_errors(written.value) for found in _problems(written, error))


def problem_at(written: Written, path: Path, message: str) -> PlanProblem:
    """A problem with the value there."""
    return PlanProblem(written.file, written.line(path), _step_at(written, path), message)


def _step_at(written: Written, path: Path) -> str | None:
    if len(path) < 2 or path[0] != "steps":
        return None
    step = written.value["steps"][path[1]]
    return str(step["id"]) if isinstance(step, dict) and isinstance(step.get("id"), str | int) else None


def _problems(written: Written, error: ValidationError) -> Iterator[PlanProblem]:
    path: Path = tuple(error.absolute_path)
    rule: Any = error.validator_value
    value: Any = error.instance
    owner = "a step" if path[:1] == ("steps",) else "a plan"
    if error.validator == "additionalProperties" and isinstance(value, dict):
        schema: Any = error.schema
        known = list(schema["properties"])
        for key in (each for each in value if each not in known):
            yield problem_at(written, (*path, key), f"{key!r} is no key of {owner}: {allowed(key, known)}")
    elif error.validator == "required" and isinstance(value, dict):
        for key in (each for each in rule if each not in value):
            yield problem_at(written, path, f"{key} is missing: {owner} needs it")
    elif error.validator in ("pattern", "not") and isinstance(value, str):
        # A property's name that is wrong is told of the mapping that holds it.
        place = (*path, value) if (*path, value) in written.lines else path
        taken = "has its meaning already: " if error.validator == "not" else ""
        yield problem_at(written, place, f"{value[:80]!r} {taken or 'is no name: '}{_NAME_RULE}")
    else:
        yield problem_at(written, path, f"{path[-1] if path else 'the file'} {_words(error.validator, rule, value)}")


def _words(kind: object, rule: Any, value: Any) -> str:
    shown = "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)[:60]
    match kind:
        case "enum":
            return f"is {shown}: {allowed(str(value), map(str, rule))}"
        case "type":
            return f"is {shown}: {_KINDS.get(rule, rule)} is needed"
        case "minLength" | "minItems" | "minProperties":
            return f"is empty: at least {rule} is needed"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"has {len(value)} {'characters' if isinstance(value, str) else 'entries'}: at most {rule}"
        case _:
            return f"is {shown}: {kind} {rule!r} is not kept"
