"""Rows for every table, made from the tables themselves, so that a new table is tested without a word."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from components.database.tables import Base

Rows = Mapping[str, dict[str, Any]]

# Columns that take only some words.
_ALLOWED = {
    "messages.author": "bot",
    "attachments.author": "customer",
    "added_tools.source": "mcp",
    "evaluation_runs.kind": "answer",
    "evaluation_runs.purpose": "index",
    "tool_invocations.side_effect": "read",
    "tool_invocations.status": "done",
    "work_runs.kind": "workflow",
    "work_steps.status": "done",
}


def _value(column: sa.Column[Any]) -> Any:
    if str(column) in _ALLOWED:
        return _ALLOWED[str(column)]
    match column.type:
        case sa.Uuid():
            return uuid4()
        case sa.Text():
            return uuid4().hex
        case sa.Boolean():
            return True
        case JSONB():
            return {}
        case sa.ARRAY():
            return []
        case sa.Integer() | sa.Float() | sa.Numeric():
            return 1
        case sa.Date():
            return date(2026, 11, 22)
    raise AssertionError(f"no value known for {column}")


def build_rows(tenant_id: UUID) -> Rows:
    """A row a table that belongs to this tenant, parents before children, foreign keys kept."""
    rows: dict[str, dict[str, Any]] = {}
    for table in Base.metadata.sorted_tables:
        row = {
            column.name: _value(column)
            for column in table.columns
            if not column.nullable and not column.server_default and not column.identity
        }
        row["tenant_id"] = tenant_id
        for constraint in table.foreign_key_constraints:
            parent = constraint.referred_table.name
            if parent != "tenants":
                row |= {key.parent.name: rows[parent][key.column.name] for key in constraint.elements}
        rows[table.name] = row
    return rows
