"""Arguments of a tool as they are written at the command line: one JSON object, or name=value for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from components.core.errors import InvalidInput


def read_arguments(words: Sequence[str], schema: Mapping[str, Any]) -> dict[str, Any]:
    """What the words say; the schema, a tool's, tells texts from other values. Raises InvalidInput."""
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        return _object(words[0])
    properties = schema.get("properties", {})
    read: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise InvalidInput(f"{word[:80]!r}: one JSON object, or name=value for each, is allowed", field="arguments")
        if name in read:
            raise InvalidInput(f"{name!r} is given twice", field=f"arguments.{name}")
        read[name] = _value(text, properties.get(name, {}))
    return read


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the arguments are no JSON: {error}", field="arguments") from error
    assert isinstance(value, dict)  # It begins with a brace.
    return value


def _value(text: str, schema: Any) -> Any:
    """A text where the schema wants one, or where it is no JSON."""
    wanted = schema.get("type") if isinstance(schema, Mapping) else None
    if wanted == "string":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
