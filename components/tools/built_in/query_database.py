"""query_database: rows of the reports that a tenant may query, asked for as data and never as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg.errors import QueryCanceled
from sqlalchemy.dialects import postgresql

from components.core.errors import DatabaseUnavailable, ToolUnavailable
from components.database.session import Database
from components.tools.built_in.report_query import MOST_ROWS, SCHEMA, described_views, report_query
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

_SPEC = ToolSpec(
    name="query_database",
    description=f"Gives rows of the helpdesk's reports. Views and their columns: {described_views()}. Without columns "
    f"all of them, without a limit {MOST_ROWS} rows at most.",
    input_schema=SCHEMA,
    output_schema={
        "type": "object",
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "rows": {"type": "array", "items": {"type": "array"}},
            "more": {"type": "boolean", "description": "Whether there are rows beyond the limit."},
        },
    },
    side_effect="read",
    timeout=5.0,
    per_minute=120,
)


class QueryDatabase:
    """Keeps components.tools.tool.RemoteTool: it reads as a database role of its own, in a transaction of its own that
    can write nothing, and sees the tenant's rows of the views and nothing else."""

    spec = _SPEC
    repeatable = True

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self, use: ToolUse) -> Mapping[str, Any]:
        query = report_query(use.arguments, limit=_limit(use)).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
        return {"sql": str(query)}

    def act(self, use: ToolUse) -> ToolOutcome:
        limit = _limit(use)
        query = report_query(use.arguments, limit=limit + 1)
        try:
            with self._database.reports(use.tenant.context, use.seconds) as session:
                result = session.execute(query)
                columns, rows = list(result.keys()), result.all()
        except DatabaseUnavailable as error:
            if isinstance(getattr(error.__cause__, "orig", None), QueryCanceled):
                raise ToolUnavailable(
                    f"query_database: no answer within {use.seconds:g} s; ask for less, or give it a longer timeout"
                ) from error
            raise
        told = [[_told(value) for value in row] for row in rows[:limit]]
        return ToolOutcome({"columns": columns, "rows": told, "more": len(rows) > limit})


def _limit(use: ToolUse) -> int:
    return int(use.arguments.get("limit", MOST_ROWS))


def _told(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, datetime) else value
