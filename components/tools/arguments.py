"""What a tool is told, and what it gives, held to its schemas: a fault is named by its field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match

from components.core.errors import InvalidInput
from components.helpdesk.storable import storable

LARGEST_ARGUMENTS = 64_000
LARGEST_RESULT = 256_000
DEEPEST = 40


def checked_arguments(tool: str, schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as plain JSON values. Raises InvalidInput that names the field and what is allowed."""
    kept = plain(arguments, f"arguments of {tool}", "arguments", LARGEST_ARGUMENTS)
    error = best_match(_validator(json.dumps(schema)).iter_errors(kept))
    if error is not None:
        raise InvalidInput(f"tool {tool!r}: {_told(error)}", field=_field(error))
    return kept


def plain(values: Mapping[str, Any], what: str, field: str, largest: int) -> dict[str, Any]:
    """A copy that JSON and PostgreSQL can keep. Raises InvalidInput."""
    try:
        text = json.dumps(dict(values), allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput(f"the {what} are no JSON: {error}", field=field) from error
    if len(text) > largest:
        raise InvalidInput(
            f"the {what} have {len(text)} characters as JSON: at most {largest} are allowed", field=field
        )
    storable(text.replace("\\\\", "").replace("\\u0000", "\0"), field)
    kept: dict[str, Any] = json.loads(text)
    if _depth(kept) > DEEPEST:
        raise InvalidInput(f"the {what} are nested deeper than {DEEPEST} levels", field=field)
    return kept


def check_schema(schema: Mapping[str, Any], field: str) -> None:
    """Raises InvalidInput for what is no JSON Schema (2020-12)."""
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        raise InvalidInput(f"{field} is no JSON Schema: {error.message[:300]}", field=field) from error


@lru_cache(maxsize=1024)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema))


def _field(error: ValidationError) -> str:
    value: Any = error.validator_value
    parts = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        parts.append(str(next(name for name in value if name not in _object(error))))
    elif error.validator == "additionalProperties":
        parts.extend(sorted(name for name in _object(error) if name not in _known(error))[:1])
    return ".".join(("arguments", *parts))


def _told(error: ValidationError) -> str:
    said = error.message
    if len(said) > 300:
        # The value comes first, and would push out what is allowed.
        said = f"{said[:100]}… against {error.validator} {json.dumps(error.validator_value)[:150]}"
    told = f"{_field(error)}: {said}"
    return told + f"; allowed are {', '.join(_known(error)) or 'none'}" if _known(error) else told


def _object(error: ValidationError) -> dict[str, Any]:
    return error.instance if isinstance(error.instance, dict) else {}


def _known(error: ValidationError) -> list[str]:
    """The properties there are, where the fault is one that there is not."""
    schema: Any = error.schema
    return list(schema.get("properties", {})) if error.validator == "additionalProperties" else []


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level and deepest <= DEEPEST:
        deepest += 1
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return deepest
