"""A question to a report as data, and the one SELECT that it comes to: names are looked up, values are bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, ColumnElement, DateTime, Numeric, Select, String, column, select, table

from components.core.errors import InvalidInput
from components.database.report_views import REPORT_VIEWS, ColumnKind, ReportView

MOST_ROWS = 200
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "contains", "is_null", "is_not_null")
_TYPES: Mapping[ColumnKind, Any] = {
    "text": String(),
    "number": Numeric(),
    "moment": DateTime(timezone=True),
    "flag": Boolean(),
}
_EXAMPLES: Mapping[ColumnKind, str] = {
    "text": "a text",
    "number": "a number",
    "moment": "a moment such as 2026-11-29T08:00:00Z",
    "flag": "true or false",
}
_NAME = {"type": "string", "maxLength": 60}
_SCALAR = {"type": ["string", "number", "boolean"], "maxLength": 500, "minimum": -1e15, "maximum": 1e15}

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "view": {"enum": list(REPORT_VIEWS)},
        "columns": {"type": "array", "items": _NAME, "minItems": 1, "maxItems": 20, "uniqueItems": True},
        "where": {
            "type": "array",
            "maxItems": 20,
            "items": {
                "type": "object",
                "properties": {
                    "column": _NAME,
                    "op": {"enum": list(OPERATORS)},
                    "value": {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1, "maxItems": 100}]},
                },
                "required": ["column", "op"],
                "additionalProperties": False,
            },
        },
        "order_by": {
            "type": "array",
            "maxItems": 5,
            "items": {
                "type": "object",
                "properties": {"column": _NAME, "descending": {"type": "boolean"}},
                "required": ["column"],
                "additionalProperties": False,
            },
        },
        "limit": {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
    },
    "required": ["view"],
    "additionalProperties": False,
}


def described_views() -> str:
    """For whoever asks: each view with its columns."""
    return "; ".join(f"{name} ({each.about}): {', '.join(each.columns)}" for name, each in REPORT_VIEWS.items())


def report_query(asked: Mapping[str, Any], *, limit: int) -> Select[Any]:
    """asked: as SCHEMA has it. limit: rows. Raises InvalidInput that names the part and what is allowed."""
    view = REPORT_VIEWS[asked["view"]]
    source = table(asked["view"], *(column(name, _TYPES[kind]) for name, kind in view.columns.items()))
    wanted = asked.get("columns") or list(view.columns)
    query = select(*(source.c[_known(view, name, f"columns.{at}")] for at, name in enumerate(wanted)))
    for at, condition in enumerate(asked.get("where", ())):
        name = _known(view, condition["column"], f"where.{at}.column")
        query = query.where(_condition(source.c[name], view.columns[name], condition, f"where.{at}.value"))
    for at, order in enumerate(asked.get("order_by", ())):
        by = source.c[_known(view, order["column"], f"order_by.{at}.column")]
        query = query.order_by(by.desc().nulls_last() if order.get("descending") else by.asc())
    return query.limit(limit)


def _known(view: ReportView, name: str, field: str) -> str:
    if name not in view.columns:
        raise InvalidInput(
            f"{field}: {name!r} is no column, {', '.join(view.columns)} are allowed", field=f"arguments.{field}"
        )
    return name


def _condition(
    wanted: ColumnElement[Any], kind: ColumnKind, condition: Mapping[str, Any], field: str
) -> ColumnElement[bool]:
    match condition["op"]:
        case "is_null":
            return wanted.is_(None)
        case "is_not_null":
            return wanted.is_not(None)
        case "in":
            return wanted.in_([_value(each, kind, field) for each in _list(condition, field)])
        case "contains" if kind == "text":
            return wanted.icontains(_value(condition.get("value"), kind, field), autoescape=True)
        case "contains":
            raise InvalidInput(f"{field}: contains is allowed for texts only", field=f"arguments.{field}")
        case op:
            return wanted.op(op, is_comparison=True)(_value(condition.get("value"), kind, field))


def _list(condition: Mapping[str, Any], field: str) -> Sequence[Any]:
    value = condition.get("value")
    if not isinstance(value, list):
        raise InvalidInput(f"{field}: a list is allowed after in", field=f"arguments.{field}")
    return value


def _value(said: Any, kind: ColumnKind, field: str) -> Any:
    """As its column has it."""
    try:
        match kind:
            case "text" if isinstance(said, str):
                return said
            case "number" if isinstance(said, int | float) and not isinstance(said, bool):
                return Decimal(str(said))
            case "moment" if isinstance(said, str):
                at = datetime.fromisoformat(said)
                return at if at.tzinfo else at.replace(tzinfo=UTC)
            case "flag" if isinstance(said, bool):
                return said
    except ValueError:
        pass
    raise InvalidInput(f"{field}={str(said)[:60]!r}: {_EXAMPLES[kind]} is allowed", field=f"arguments.{field}")
