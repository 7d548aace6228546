"""Parameters of nodes, held to what is supported and to what they are to be."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from components.agents.workflows.expression_methods import to_number
from components.agents.workflows.expression_values import Mistake, kind_of, text_of
from components.core.errors import InvalidInput

# Of our own nodes in n8n, which wait for our answers; here nobody does.
TIME_LIMIT = "timeLimit"


def unsupported(given: Any, allowed: Collection[str], what: str = "the parameter") -> Iterator[str]:
    """What there is to say of those that this version does not know."""
    if not isinstance(given, Mapping):
        yield f"{what}s are no object"
        return
    for name in given:
        if name not in allowed:
            yield f"{what} {name!r} is not supported; allowed are {', '.join(allowed) or 'none'}"


def not_one_of(given: Mapping[str, Any], name: str, default: Any, allowed: Collection[Any]) -> Iterator[str]:
    """What there is to say of a parameter that is none of these."""
    found = given.get(name, default)
    if found not in allowed:
        yield f"{name}={json.dumps(found)[:80]} is not supported: {', '.join(map(str, allowed))} are"


def options_of(given: Mapping[str, Any], *allowed: str) -> Iterator[str]:
    """What there is to say of `options`."""
    yield from unsupported(given.get("options", {}), allowed, "the option")


def dig(given: Any, *names: str) -> Any:
    """What lies below these names, None where there is nothing."""
    for name in names:
        given = given.get(name) if isinstance(given, Mapping) else None
    return given


def rows(given: Any, *names: str) -> list[Mapping[str, Any]]:
    """The objects of the list that lies below these names."""
    found = dig(given, *names)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def as_object(value: Any, name: str) -> dict[str, Any]:
    """Of an object, or of a text that is one as JSON. Raises InvalidInput."""
    found = as_json(value, name) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise InvalidInput(f"{name} is {kind_of(found)}: an object is allowed", field=name)
    return found


def as_json(value: str, name: str) -> Any:
    """Raises InvalidInput."""
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{name} is no JSON: {error}", field=name) from error


def as_text(value: Any, name: str) -> str:
    """Raises InvalidInput."""
    try:
        return text_of(value)
    except Mistake as mistake:
        raise InvalidInput(f"{name}: {mistake}", field=name) from mistake


def as_number(value: Any, name: str) -> int | float:
    """Raises InvalidInput."""
    try:
        return to_number(value)
    except Mistake as mistake:
        raise InvalidInput(f"{name}: {mistake}", field=name) from mistake


def as_boolean(value: Any, name: str) -> bool:
    """Raises InvalidInput."""
    found = {"true": True, "false": False, "1": True, "0": False}.get(str(value).strip().lower())
    if found is None:
        raise InvalidInput(f"{name} is {kind_of(value)}: true or false is allowed", field=name)
    return found
