"""The JSON Schema of flow files, for editors and for reading, and its complaints in words that name what is allowed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from components.dialogue.flow_problem import FlowProblem, allowed
from components.dialogue.flow_yaml import Path, Written

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

SCHEMA_FILE = FilePath(__file__).parent / "flow.schema.json"
_KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}
NAME_RULE = "1 to 64 letters, digits, - and _ are allowed, no - first"
_VARIABLE_RULE = "lower-case letters, digits and _ are allowed, a letter first"


@cache
def flow_schema() -> dict[str, Any]:
    """Draft 2020-12. Treat it as read-only."""
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text("utf-8"))
    return schema


def node_types() -> tuple[str, ...]:
    """The types that a node may be of."""
    return tuple(flow_schema()["$defs"]["node"]["properties"]["type"]["enum"])


def node_keys(node_type: str) -> tuple[str, ...]:
    """The keys that a node of the type may have."""
    return tuple(flow_schema()["$defs"][node_type]["properties"])


def schema_problems(written: Written) -> tuple[tuple[Path, FlowProblem], ...]:
    """What the schema says against a file, each with the path to the value; nothing about what `next` holds, which the
    reader of arrows knows better."""
    errors = _validator().iter_errors(written.value)
    return tuple((tuple(error.absolute_path), problem) for error in errors for problem in _problems(written, error))


def node_at(written: Written, path: Path) -> str | None:
    """The id of the node that a path leads into, as it is written."""
    if len(path) < 2 or path[0] != "nodes":
        return None
    node = written.value["nodes"][path[1]]
    return str(node["id"]) if isinstance(node, dict) and isinstance(node.get("id"), str | int) else None


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(flow_schema())


def _problems(written: Written, error: ValidationError) -> Iterator[FlowProblem]:
    path: Path = tuple(error.absolute_path)
    if path[:1] == ("nodes",) and path[2:3] == ("next",):
        return
    last = path[-1] if path else "the file"
    where = f"entry {last + 1} of {path[-2]}" if isinstance(last, int) else last
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        schema: Any = error.schema
        known = list(schema["properties"])
        for key in error.instance:
            if key not in known:
                yield _problem(written, (*path, key), f"{key!r} is no key of {_owner(written, path)}: ", key, known)
        return
    if error.validator == "required" and isinstance(error.instance, dict):
        required: Any = error.validator_value
        for key in required:
            if key not in error.instance:
                yield _problem(written, path, f"{key} is missing: {_owner(written, path)} needs it")
        return
    yield _problem(written, path, _words(where, error))


def _problem(
    written: Written, path: Path, message: str, bad: str | None = None, known: list[str] | None = None
) -> FlowProblem:
    text = message if bad is None else message + allowed(bad, known or [])
    return FlowProblem(written.file, written.line(path), node_at(written, path), text)


def _words(where: str, error: ValidationError) -> str:
    value: Any = error.instance
    rule: Any = error.validator_value
    shown = _short(value)
    match error.validator:
        case "enum":
            return f"{where} is {shown}: {allowed(str(value), map(str, rule))}"
        case "type":
            kinds = [rule] if isinstance(rule, str) else list(rule)
            quotes = " (put it into quotes)" if "string" in kinds and isinstance(value, int | float | bool) else ""
            return f"{where} is {shown}: {' or '.join(_KINDS.get(kind, kind) for kind in kinds)} is needed{quotes}"
        case "pattern":
            return f"{where} is {shown}: {_VARIABLE_RULE if rule.startswith('^[a-z]') else NAME_RULE}"
        case "not":
            return f"{where} is {shown}, which has its meaning already: {_VARIABLE_RULE}"
        case "minLength" | "minItems" | "minProperties":
            return f"{where} is empty: at least {rule} is needed"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"{where} has {len(value)} {'characters' if isinstance(value, str) else 'entries'}: at most {rule}"
        case "minimum" | "maximum":
            return f"{where} is {shown}: {'at least' if error.validator == 'minimum' else 'at most'} {rule} is allowed"
        case _:
            return f"{where} is {shown}: {_described(error)}"


def _described(error: ValidationError) -> str:
    kinds = {str(each.validator_value) for each in error.context or () if each.validator == "type"}
    words = sorted(_KINDS[kind] for kind in kinds if kind in _KINDS)
    return f"{' or '.join(words)} is allowed" if words else str(error.message)[:200]


def _owner(written: Written, path: Path) -> str:
    """What holds the key, in words: `an ask node`, `validate`, `a flow file`."""
    if not path:
        return "a flow file"
    if len(path) == 2 and path[0] == "nodes":
        node = written.value["nodes"][path[1]]
        kind = node.get("type") if isinstance(node, dict) else None
        return f"{'an' if str(kind)[:1] in 'aeiou' else 'a'} {kind} node" if kind in node_types() else "a node"
    return str(path[-1])


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return "empty" if value is None else repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "…"
