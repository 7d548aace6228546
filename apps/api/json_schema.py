"""JSON Schemas from outside: checked when they come, and held against what a model wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
# Nothing is fetched for a reference.
_NOTHING: Registry[Any] = Registry()


def _passes(*_: object) -> None:
    """A keyword that is not looked at."""


# A regular expression from outside can hold the process for hours: patterns are the caller's to check.
_Validator = extend(Draft202012Validator, {"pattern": _passes})  # type: ignore[no-untyped-call]


def checked_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` itself. Raises ValueError where it is no JSON Schema, refers to something outside itself, or has
    patternProperties, whose names only a regular expression tells."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"is not a JSON Schema: {error.message[:200]}") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if "patternProperties" in part:
                raise ValueError("has patternProperties: name the properties instead")
            for name in _REFERENCES:
                if isinstance(part.get(name), str) and not part[name].startswith("#"):
                    raise ValueError(f"refers to {part[name][:100]!r}: only references within it (#…) are allowed")
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return schema


def parse_fitting(text: str, schema: Mapping[str, Any]) -> Any:
    """The JSON value of `text`. Raises ValueError saying how it is not JSON or does not fit the schema, of which
    `pattern` is not looked at."""
    try:
        value = json.loads(text, parse_constant=_refuse)
        # Half of a surrogate pair can be written in JSON as an escape, and nowhere else.
        json.dumps(value, ensure_ascii=False).encode()
        _Validator(schema, registry=_NOTHING).validate(value)
    except ValidationError as error:
        raise ValueError(f"{error.json_path}: {error.message[:200]}") from error
    except Unresolvable as error:
        raise ValueError(f"the schema refers to {error.ref!r}, which it does not have") from error
    except RecursionError as error:
        raise ValueError("value or schema are nested without end") from error
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
