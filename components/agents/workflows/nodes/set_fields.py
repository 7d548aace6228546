"""Set, or Edit Fields: fields of each item, as n8n's versions 1 to 3.4 write them down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from components.agents.workflows.item import Item, Outputs
from components.agents.workflows.node_kind import NodeKind
from components.agents.workflows.parameters import (
    as_boolean,
    as_json,
    as_number,
    as_object,
    as_text,
    dig,
    not_one_of,
    options_of,
    rows,
    unsupported,
)
from components.agents.workflows.visit import Visit
from components.agents.workflows.workflow import Node
from components.core.errors import InvalidInput

_INCLUDED = ("all", "none", "selected", "except")
_TYPES = ("string", "number", "boolean", "array", "object")


def _check(node: Node) -> Iterator[str]:
    given = node.parameters
    if node.version < 3:
        yield from unsupported(given, ("values", "keepOnlySet", "options"))
        yield from unsupported(given.get("values") or {}, ("string", "number", "boolean"), "the type of value")
        yield from options_of(given, "dotNotation")
        return
    yield from unsupported(
        given,
        (
            *("mode", "fields", "assignments", "jsonOutput", "include", "includeFields", "excludeFields"),
            *("includeOtherFields", "duplicateItem", "options"),
        ),
    )
    yield from not_one_of(given, "mode", "manual", ("manual", "raw"))
    yield from not_one_of(given, "include", "all", _INCLUDED)
    yield from not_one_of(given, "duplicateItem", False, (False,))
    yield from options_of(given, "dotNotation", "ignoreConversionErrors", "stripBinary", "includeBinary")
    for row in rows(given, "assignments", "assignments"):
        yield from not_one_of(row, "type", "string", _TYPES)


def _run(visit: Visit) -> Outputs:
    def change(index: int, item: Item) -> Mapping[str, Any]:
        values = _included(visit, index, item)
        dotted = dig(visit.node.parameters, "options", "dotNotation") is not False
        for name, value in _assigned(visit, index):
            _put(values, name, value, dotted)
        return values

    return visit.each(change)


def _included(visit: Visit, index: int, item: Item) -> dict[str, Any]:
    """What an item keeps of what it had."""
    given, version = visit.node.parameters, visit.node.version
    if version < 3:
        include = "none" if given.get("keepOnlySet") is True else "all"
    elif version < 3.3:
        include = str(given.get("include", "all"))
    else:
        include = str(given.get("include", "all")) if given.get("includeOtherFields") is True else "none"
    kept: dict[str, Any] = deepcopy(dict(item.json))
    if include == "none":
        return {}
    if include in ("selected", "except"):
        key = "includeFields" if include == "selected" else "excludeFields"
        said = as_text(visit.parameter(key, index, ""), key)
        names = {name.strip() for name in said.split(",")}
        return {name: value for name, value in kept.items() if (name in names) is (include == "selected")}
    return kept


def _assigned(visit: Visit, index: int) -> Iterator[tuple[str, Any]]:
    given = visit.node.parameters
    if visit.node.version < 3:
        for kind in ("string", "number", "boolean"):
            for row in rows(given, "values", kind):
                name = as_text(visit.resolve(row.get("name", ""), index), "name")
                yield name, _converted(visit.resolve(row.get("value"), index), kind, name)
        return
    if given.get("mode", "manual") == "raw":
        yield from as_object(visit.parameter("jsonOutput", index, "{}"), "jsonOutput").items()
        return
    for row in rows(given, "assignments", "assignments"):
        name = as_text(visit.resolve(row.get("name", ""), index), "name")
        yield name, _converted(visit.resolve(row.get("value"), index), str(row.get("type", "string")), name)
    for row in rows(given, "fields", "values"):
        kind = str(row.get("type", "stringValue"))
        name = as_text(visit.resolve(row.get("name", ""), index), "name")
        yield name, _converted(visit.resolve(row.get(kind), index), kind.removesuffix("Value"), name)


def _converted(value: Any, kind: str, name: str) -> Any:
    """Raises InvalidInput that names the field."""
    if value is None and kind != "string":
        return None
    if kind == "number":
        return as_number(value, name)
    if kind == "boolean":
        return as_boolean(value, name)
    if kind in ("array", "object"):
        found = as_json(value, name) if isinstance(value, str) else value
        if not isinstance(found, list if kind == "array" else dict):
            raise InvalidInput(f"{name} is to be {'a list' if kind == 'array' else 'an object'}", field=name)
        return found
    # An expression keeps what it comes to, as n8n has it for texts that are none.
    return "" if value is None else value if isinstance(value, list | dict) else as_text(value, name)


def _put(values: dict[str, Any], name: str, value: Any, dotted: bool) -> None:
    *path, last = name.split(".") if dotted else [name]
    if not last or len(path) > 20:
        raise InvalidInput(f"{name[:60]!r} is no name of a field", field="name")
    for part in path:
        within = values.get(part)
        if not isinstance(within, dict):
            within = values[part] = {}
        values = within
    values[last] = value


SET = NodeKind(_run, _check)
