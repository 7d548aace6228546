"""Haystack's filters as Lance SQL: every field and value becomes a quoted literal, never a piece of SQL.

Differences to Haystack's in-memory filters, where SQL cannot follow: an ISO date without a zone is read
as UTC; a stored value of another kind than the filter's does not match, instead of raising.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from haystack.errors import FilterError

from components.core.errors import InvalidInput
from components.vectors.sql import text_literal

_COLUMNS = {"id": "chunk_id", "content": "text"}
_TEXT_META = {"meta.document_id": "document_id", "meta.title": "title", "meta.section": "section"}
_LARGEST_EXACT_FLOAT = 2**53
_DEEPEST = 50


def to_where(filters: dict[str, Any]) -> str:
    """A `where` for IndexSnapshot's searches, from a comparison or a logic dictionary.

    Fields: `id`, `content`, `meta.<key>` and `meta.<key>.<key>`; a bare `<key>` means `meta.<key>`.
    Raises haystack's FilterError naming what is missing or not allowed.
    """
    return _node(filters, 0)


def _node(node: Any, depth: int) -> str:
    if not isinstance(node, dict):
        raise FilterError(f"filter {node!r}: allowed is a dictionary")
    if depth > _DEEPEST:
        raise FilterError(f"filter nested more than {_DEEPEST} deep")
    return _comparison(node) if "field" in node else _logic(node, depth)


def _logic(node: dict[str, Any], depth: int) -> str:
    _require(node, "operator", "conditions")
    operator, conditions = node["operator"], node["conditions"]
    if operator not in ("AND", "OR", "NOT"):
        raise FilterError(f"unknown logical operator {operator!r}: allowed are AND, OR and NOT")
    parts = [f"({_node(condition, depth + 1)})" for condition in conditions]
    if operator == "OR":
        return " OR ".join(parts) or "false"
    joined = " AND ".join(parts) or "true"
    return f"NOT ({joined})" if operator == "NOT" else joined


def _comparison(node: dict[str, Any]) -> str:
    _require(node, "operator", "value")
    operator, value = node["operator"], node["value"]
    write = _OPERATORS.get(operator) if isinstance(operator, str) else None
    if write is None:
        raise FilterError(f"unknown comparison operator {operator!r}: allowed are {', '.join(_OPERATORS)}")
    try:
        return write(str(node["field"]), value)
    except InvalidInput as error:
        raise FilterError(error.message) from error


def _require(node: dict[str, Any], *keys: str) -> None:
    for key in keys:
        if key not in node:
            raise FilterError(f"{key!r} key missing in {node}")


def _equal(field: str, value: Any) -> str:
    column = _COLUMNS.get(field) or (_TEXT_META.get(field) if isinstance(value, str) else None)
    if column is not None:
        if value is None:
            return f"{column} IS NULL"
        return f"coalesce({column} = {text_literal(value)}, false)" if isinstance(value, str) else "false"
    stored = _stored(field)
    if value is None:
        return f"coalesce({stored}, 'null') = 'null'"
    if isinstance(value, bool):
        matches = f"{stored} = '{json.dumps(value)}'"
    elif isinstance(value, int) and abs(value) > _LARGEST_EXACT_FLOAT:
        matches = f"{stored} = '{value}'"
    elif isinstance(value, int | float):
        matches = f"{_number(stored)} = {_number_literal(value)}"
    elif isinstance(value, str):
        matches = f"{stored} = {text_literal(_json_text(value))}"
    else:
        raise FilterError(f"value of type {type(value).__name__}: allowed with == are text, number, bool and None")
    return f"coalesce({matches}, false)"


def _not_equal(field: str, value: Any) -> str:
    return f"NOT ({_equal(field, value)})"


def _in(field: str, values: Any) -> str:
    if not isinstance(values, list):
        raise FilterError(f"value of type {type(values).__name__}: allowed with 'in' and 'not in' is a list")
    return " OR ".join(f"({_equal(field, value)})" for value in values) or "false"


def _not_in(field: str, values: Any) -> str:
    return f"NOT ({_in(field, values)})"


def _ordering(symbol: str) -> Callable[[str, Any], str]:
    def write(field: str, value: Any) -> str:
        if value is None:
            return "false"
        if isinstance(value, bool) or not isinstance(value, int | float | str | datetime):
            raise FilterError(f"value of type {type(value).__name__}: allowed with {symbol} are numbers and ISO dates")
        if field in _COLUMNS:
            raise FilterError(f"field {field!r} holds text: allowed with {symbol} are numbers and ISO dates in meta")
        stored = _stored(field)
        if isinstance(value, int | float):
            return f"coalesce({_number(stored)} {symbol} {_number_literal(value)}, false)"
        moment = f"try_cast('{_moment(value)}' AS timestamp)"
        return f"coalesce(try_cast(trim(both '\"' from {stored}) AS timestamp) {symbol} {moment}, false)"

    return write


_OPERATORS: dict[str, Callable[[str, Any], str]] = {
    "==": _equal,
    "!=": _not_equal,
    ">": _ordering(">"),
    ">=": _ordering(">="),
    "<": _ordering("<"),
    "<=": _ordering("<="),
    "in": _in,
    "not in": _not_in,
}


def _stored(field: str) -> str:
    """The JSON text of a field of `meta`; SQL NULL where there is none."""
    keys = field.removeprefix("meta.").split(".")
    if not all(keys):
        raise FilterError(f"field {field!r}: allowed are id, content and meta.<key>")
    path = "$" + "".join("." + _path_key(key) for key in keys)
    return f"json_extract(meta, {text_literal(path)})"


def _path_key(key: str) -> str:
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json_text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(stored: str) -> str:
    return f"try_cast({stored} AS double)"


def _number_literal(value: float) -> str:
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):
        raise FilterError(f"value {value}: allowed are finite numbers")
    return f"try_cast('{number!r}' AS double)"


def _moment(value: str | datetime) -> str:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except ValueError as error:
        raise FilterError(f"value {value!r}: text can be ordered only where it is an ISO date") from error
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat()
